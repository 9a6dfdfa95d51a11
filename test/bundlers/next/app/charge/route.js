import { charge } from '../../../app/charge.js';

export async function GET(request) {
  const origin = new URL(request.url).searchParams.get('origin');
  return Response.json(await charge(origin));
}
