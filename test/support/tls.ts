import { readFileSync } from 'node:fs';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Self-signed certificates for localhost, 127.0.0.1 and ::1. They are for tests only: their key is public.
 * A client trusts one with `connect: { ca: localhost.cert }`. Made with `openssl ca -selfsign -startdate … -enddate …`.
 */
export const localhost: Certificate = load('localhost');

/** Like `localhost`, but it ended on 2 January 2020. */
export const expired: Certificate = load('expired');

function load(name: string): Certificate {
  const read = (file: string) => readFileSync(new URL(`./fixtures/${file}`, import.meta.url), 'utf8');
  return { cert: read(`test-only-${name}.cert.pem`), key: read('test-only.key.pem') };
}
