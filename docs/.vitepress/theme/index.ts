import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import Lab from './lab/Lab.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('Lab', Lab);
  },
} satisfies Theme;
