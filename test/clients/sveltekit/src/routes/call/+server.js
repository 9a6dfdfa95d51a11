import { createFetch } from 'steadfetch';

const api = createFetch({ retry: { base: 1, cap: 1 } });

export const GET = ({ url }) => api(url.searchParams.get('service'));
