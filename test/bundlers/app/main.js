import { charge } from './charge.js';

charge(process.argv[2]).then((result) => console.log(JSON.stringify(result)));
