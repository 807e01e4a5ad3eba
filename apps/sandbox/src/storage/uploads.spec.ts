import { readdir, readFile } from 'node:fs/promises';
import { type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Uploads } from './uploads.js';

const MEBIBYTE = 1024 * 1024;

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

it('who reads an upload finds all of it, also while the same bytes are uploaded again', async () => {
  const uploads = await Uploads.open(folder.path);
  const bytes = Buffer.alloc(4 * MEBIBYTE, 'x');
  const path = await uploads.store(bytes);
  let uploading = true;
  const again = (async () => {
    for (let n = 0; n < 40; n++) expect(await uploads.store(bytes)).toBe(path);
    uploading = false;
  })();
  const torn: number[] = [];
  while (uploading) {
    const { length } = await readFile(path);
    if (length !== bytes.length) torn.push(length);
  }
  await again;
  expect(torn).toEqual([]);
  expect(await readdir(folder.path)).toHaveLength(1);
});
