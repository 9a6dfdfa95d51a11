export { type ContractCase, storeContract } from './store-contract.ts';
export { transactionContract } from './transaction-contract.ts';
