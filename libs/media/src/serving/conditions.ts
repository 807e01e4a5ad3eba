import type { AssetFacts } from '../store/asset-store.js';

type Conditions = { etag?: string; modifiedSince?: string };

/** Whether the client's copy is still good: If-None-Match, or else If-Modified-Since (RFC 9110 §13.2.2). */
export function isNotModified(conditions: Conditions, asset: AssetFacts): boolean {
  if (conditions.etag !== undefined) {
    if (conditions.etag.trim() === '*') return true;
    return conditions.etag.split(',').some((tag) => tag.trim().replace(/^W\//, '') === asset.etag);
  }
  return conditions.modifiedSince !== undefined && wholeSeconds(asset) <= Date.parse(conditions.modifiedSince);
}

/** Whether a Range still applies: If-Range needs the exact validator, a strong ETag or the very date (RFC 9110 §13.1.5). */
export function rangeStillApplies(ifRange: string | undefined, asset: AssetFacts): boolean {
  if (ifRange === undefined) return true;
  const validator = ifRange.trim();
  return validator.startsWith('"') ? validator === asset.etag : Date.parse(validator) === wholeSeconds(asset);
}

/** HTTP dates have no milliseconds. */
function wholeSeconds(asset: AssetFacts): number {
  return Math.floor(asset.lastModified.getTime() / 1000) * 1000;
}
