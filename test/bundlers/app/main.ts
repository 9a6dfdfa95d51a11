import { charge } from './charge.js';

const origin: string = process.argv[2] ?? '';
console.log(JSON.stringify(await charge(origin)));
