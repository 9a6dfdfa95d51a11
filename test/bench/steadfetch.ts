import { initOf, type Row } from './row.ts';

export const STEADFETCH = 'steadfetch';

export const steadfetch: readonly Row[] = [
  {
    name: STEADFETCH,
    async make() {
      const { fetch } = await import('steadfetch');
      return async (call) => (await fetch(call.url, initOf(call))).json();
    },
  },
  {
    name: 'steadfetch, buffer: 64 KiB',
    async make() {
      const { createFetch } = await import('steadfetch');
      const api = createFetch({ buffer: 65_536 });
      return async (call) => (await api(call.url, initOf(call))).json();
    },
  },
];
