export { v4, v5 } from 'uuid';
