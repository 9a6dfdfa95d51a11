import { type Theme, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import { h } from 'vue';
import Lab from './lab/Lab.vue';
import './style.css';

const notFound = () =>
  h('main', { class: 'vp-doc not-found' }, [
    h('h1', 'There is no such page'),
    h('p', [h('a', { href: withBase('/') }, 'Back to the start'), ', or search above.']),
  ]);

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': notFound }),
  enhanceApp({ app }) {
    app.component('Lab', Lab);
  },
} satisfies Theme;
