/**
 * Faults for your tests, and the contract that a store for keys must fulfil.
 *
 * @module steadfetch/testing
 */

export type { ContractCase } from './contract-case.ts';
export type { FaultyInterceptor } from './faults/faulty-interceptor.ts';
export type { FaultKind, FaultRule, FaultyRequest } from './faults/rule.ts';
export type { LoggedRequest } from './faults/schedule.ts';
export { type FaultsOptions, type FaultyFetch, faults } from './faults.ts';
export { storeContract } from './store-contract.ts';
export { transactionContract } from './transaction-contract.ts';
