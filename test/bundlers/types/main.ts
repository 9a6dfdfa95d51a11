import { callReport, createFetch, type SteadFetch } from 'steadfetch';
import { once } from 'steadfetch/once';
import { presets } from 'steadfetch/presets';
import { idempotent } from 'steadfetch/server';
import { faults } from 'steadfetch/testing';
import { resilience } from 'steadfetch/undici';

export const api: SteadFetch = createFetch({ endpoints: presets.stripe });
export const asFetch: typeof fetch = createFetch();

export async function main(): Promise<number | undefined> {
  const response: Response = await api('https://a.example/', {
    method: 'POST',
    idempotencyKey: ['charge', 7],
  });
  return callReport(response)?.attempts.length;
}

export const others = { once, idempotent, faults, resilience };
