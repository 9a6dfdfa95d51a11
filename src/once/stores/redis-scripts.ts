/**
 * One script for each step, because Redis runs a script atomically. A key is a hash with token, fingerprint, lease (epoch
 * milliseconds; absent when done) and result (absent: not kept). `TIME` is the server's clock. Redis itself removes a key at the
 * end of its lifetime.
 */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Returns 0 unless the key is still running under this token. */
const held = `
local token, lease = unpack(redis.call('HMGET', KEYS[1], 'token', 'lease'))
if token ~= ARGV[1] or not lease then return 0 end
`;

export const scripts = {
  /** ARGV: fingerprint or '', lease, lifetime. */
  claim: `${now}
local token, fingerprint, lease, result = unpack(redis.call('HMGET', KEYS[1], 'token', 'fingerprint', 'lease', 'result'))
if token then
  if fingerprint and ARGV[1] ~= '' and fingerprint ~= ARGV[1] then return {'reused'} end
  if not lease then return {'done', result} end
  if tonumber(lease) > now then return {'running', lease - now} end
end
-- Microseconds since 1970: grows on, even after the key was removed.
local next = math.max(time[1] * 1000000 + time[2], (tonumber(token) or 0) + 1)
local mine = string.format('%.0f', next)
-- HSET comes first: a full Redis refuses it, but nothing that a script does after its first write.
redis.call('HSET', KEYS[1], 'token', mine, 'lease', string.format('%.0f', now + ARGV[2]))
redis.call('HDEL', KEYS[1], 'fingerprint', 'result')
if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'claimed', mine}`,

  /** ARGV: token, and the result unless it is a tombstone. */
  complete: `${held}
-- HDEL comes first, so that even a full Redis records what has been done.
redis.call('HDEL', KEYS[1], 'lease')
if ARGV[2] then redis.call('HSET', KEYS[1], 'result', ARGV[2]) end
return 1`,

  /** ARGV: token. */
  release: `${held}
return redis.call('DEL', KEYS[1])`,

  /** ARGV: token, lease. */
  extend: `${now}${held}
-- HDEL comes first, so that even a full Redis does not take the lease from an effect that is running.
redis.call('HDEL', KEYS[1], 'lease')
redis.call('HSET', KEYS[1], 'lease', string.format('%.0f', now + ARGV[2]))
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`,
};
