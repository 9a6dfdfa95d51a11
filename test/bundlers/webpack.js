// webpack-cli would need a newer Node than webpack itself.
import { join } from 'node:path';
import webpack from 'webpack';

const [, , folder] = process.argv;
webpack(
  {
    mode: 'production',
    target: 'node20',
    entry: join(import.meta.dirname, 'app/main.js'),
    output: { path: folder, filename: 'main.cjs' },
  },
  (error, stats) => {
    if (error) throw error;
    console.log(stats.toString('errors-warnings'));
    if (stats.hasErrors()) process.exitCode = 1;
  },
);
