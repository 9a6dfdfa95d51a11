/**
 * Faults for your tests, and the contract that a store for keys must fulfil.
 *
 * @module steadfetch/testing
 */

export {
  type FaultKind,
  type FaultRule,
  type FaultsOptions,
  type FaultyFetch,
  type FaultyRequest,
  faults,
} from './faults.ts';
export { type ContractCase, storeContract } from './store-contract.ts';
export { transactionContract } from './transaction-contract.ts';
