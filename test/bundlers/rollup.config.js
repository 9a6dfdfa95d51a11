import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import resolve from '@rollup/plugin-node-resolve';

export default {
  input: 'app/main.js',
  plugins: [
    resolve({ preferBuiltins: true, exportConditions: ['node'] }),
    // undici requires it when it needs it, and Node 20 has none; hoisted, it would be needed at once.
    commonjs({ ignore: ['node:sqlite'] }),
    json(),
  ],
};
