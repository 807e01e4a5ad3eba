export { OutputError } from './output/output-error.js';
export { type StoredOutput, storeOutput } from './output/store-output.js';
export { InvalidMediaError } from './probe/invalid-media-error.js';
export { probeMedia } from './probe/probe-media.js';
export { AssetUrlSigner } from './serving/asset-url-signer.js';
export { serveAsset } from './serving/serve-asset.js';
export type { AssetStore } from './store/asset-store.js';
export { createAssetStore } from './store/create-asset-store.js';
export { assetStoreConfig, assetStoreVariables } from './store/variables.js';
