export { describeProviderContract, type ProviderContract } from './contract-suite.js';
