export { GET } from '../charge/route.js';
export const runtime = 'edge';
