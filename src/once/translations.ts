import { type Translation, translated } from '../options/translation.ts';

/**
 * The names that users bring to the receiving side from other libraries. One name may mean different things in different places;
 * the first entry that fits counts. The page about moving from other libraries is made from this table.
 */
export const translations: readonly Translation[] = [
  {
    names: ['ttl', 'cacheTTLMS', 'expiresAfterSeconds', 'expiresIn', 'expiry', 'retention'],
    from: 'Powertools for AWS Lambda, @node-idempotency, idempotency-middleware',
    write: 'lifetime',
    note: 'in milliseconds, from the claim on',
  },
  {
    names: ['lockTtl', 'lockTTL', 'lockTimeout', 'lockDuration', 'visibilityTimeout'],
    from: 'code of your own, queues',
    write: 'lease',
    note: 'in milliseconds',
  },
  {
    names: ['inProgressStrategy', 'maxWaitMs', 'pollingIntervalMs', 'waitTimeout'],
    from: '@node-idempotency',
    write: 'wait',
    note: 'in milliseconds: how long a repeat waits for the first; by default it is told at once',
  },
  {
    names: ['idempotencyKey', 'idempotencyKeyHeader', 'headerName', 'keyHeader'],
    from: 'express-idempotency, @node-idempotency',
    write: 'header',
    note: 'the name of the header that carries the key',
  },
  {
    names: ['idempotencyKey', 'id'],
    from: 'code of your own',
    write: 'key',
  },
  {
    names: ['idempotencyKey', 'id', 'key'],
    from: 'code of your own',
    write: 'messageId',
    note: 'what the producer calls it, the same on every delivery',
  },
  {
    names: ['groupId', 'consumerGroup', 'queue'],
    from: 'kafkajs, amqplib',
    write: 'consumer',
  },
  {
    names: ['enforceIdempotency', 'throwOnNoIdempotencyKey', 'requireKey'],
    from: '@node-idempotency, Powertools for AWS Lambda',
    write: 'required',
    note: 'true by default',
  },
  {
    names: ['persistenceStore', 'storage', 'storageAdapter', 'dataAdapter', 'cache', 'backend'],
    from: 'Powertools for AWS Lambda, @node-idempotency, express-idempotency',
    write: 'store',
    note: 'such as postgresStore(pool).transactional or redisStore(client)',
  },
  {
    names: ['payloadValidationJmesPath', 'hashFunction', 'intentValidator'],
    from: 'Powertools for AWS Lambda, @node-idempotency, express-idempotency',
    write: 'fingerprint',
    note: 'of method, path and body; a repeat with another one is refused',
  },
  {
    names: ['responseValidator', 'shouldCache', 'shouldStore', 'statusCodes', 'cacheableStatuses'],
    from: 'express-idempotency',
    write: 'keep',
    note: 'a function from the Response to true or false',
  },
  {
    names: ['keepResponseHeaders', 'excludeHeaders', 'ignoreHeaders'],
    from: 'Fiber',
    write: 'dropHeaders',
    note: 'all others are stored',
  },
  {
    names: ['applicableMethods', 'allowedMethods', 'httpMethods'],
    from: 'asgi-idempotency-header',
    write: 'methods',
  },
  {
    names: ['bodyLimit', 'maxBodySize', 'limit'],
    from: 'body-parser, Fastify',
    write: 'requestLimit',
    note: 'in bytes',
  },
  {
    names: ['maxResponseSize', 'maxResponseBytes'],
    from: 'code of your own',
    write: 'responseLimit',
    note: 'in bytes',
  },
  {
    names: ['keyPrefix', 'cacheKeyPrefix', 'namespace'],
    from: '@node-idempotency, Powertools for AWS Lambda, ioredis',
    write: 'prefix',
  },
  {
    names: ['tableName'],
    from: 'Powertools for AWS Lambda',
    write: 'table',
  },
  {
    names: [
      'keyspace',
      'keyPrefix',
      'cacheKeyPrefix',
      'namespace',
      'operation',
      'tenant',
      'tenantId',
      'userId',
    ],
    from: '@node-idempotency, Powertools for AWS Lambda, code of your own',
    write: 'scope',
    note: 'which names operation and tenant',
  },
  {
    names: ['tenantId', 'userId', 'user', 'account', 'accountId', 'customer'],
    from: 'code of your own',
    write: 'tenant',
  },
  {
    names: ['skipRequest', 'skip', 'activationStrategy', 'next'],
    from: '@node-idempotency, Fiber',
    note: 'put it in front of the routes that need it; with `required: false` a request without a key runs unprotected',
  },
  {
    names: ['eventKeyJmesPath', 'keyExtractor', 'keyGenerator', 'getKey', 'getStorageKey'],
    from: 'Powertools for AWS Lambda, hono-idempotent-request',
    note: 'the key is what the client sends in the header; for a key of your own call once()',
  },
  {
    names: ['keyMaxLength', 'maxKeyLength', 'keyHeaderValidate', 'satisfiesKeySpec'],
    from: '@node-idempotency, Fiber, hono-idempotent-request',
    note: 'a key has 1 to 255 characters',
  },
  {
    names: ['useLocalCache', 'maxLocalCacheSize'],
    from: 'Powertools for AWS Lambda',
    note: 'nothing is cached: every claim asks the store',
  },
];

/**
 * The help for a name that is an option of another library; undefined: there is none. @param siblings the options that are
 * allowed
 */
export function translate(name: string, siblings: readonly string[]): string | undefined {
  return translated(translations, name, (write) => siblings.includes(write));
}
