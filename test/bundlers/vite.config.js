export default { ssr: { noExternal: true }, build: { ssr: 'app/main.js' } };
