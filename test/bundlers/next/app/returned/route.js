import { createFetch } from 'steadfetch';

const api = createFetch({ retry: { base: 1, cap: 1 } });

export function GET(request) {
  return api(new URL(request.url).searchParams.get('origin'));
}
