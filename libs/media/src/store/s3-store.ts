import { pipeline, Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { assertContentType, contentTypeOfKey } from './asset-key.js';
import {
  type AssetFacts,
  type AssetStore,
  AssetTooLargeError,
  type ByteRange,
  type PutOptions,
} from './asset-store.js';
import { ByteLimit } from './byte-limit.js';

export interface S3Config {
  bucket: string;
  region: string;
  /** Default: AWS. With it, any S3-compatible store. */
  endpoint?: string;
  /** Both or neither; without them the SDK's own chain finds credentials (environment, instance role). */
  accessKeyId?: string;
  secretAccessKey?: string;
  /** The bucket in the path, not in the host name: what most S3-compatible stores need. */
  forcePathStyle?: boolean;
}

/** Assets as objects of one bucket, which must exist. S3 itself shows an object only once it is whole. */
export class S3Store implements AssetStore {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor({ bucket, accessKeyId, secretAccessKey, ...config }: S3Config) {
    this.bucket = bucket;
    this.client = new S3Client({
      ...config,
      ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
      // Many S3-compatible stores do not know the SDK's newer default checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
    });
  }

  async put(key: string, body: Uint8Array | Readable, options: PutOptions): Promise<{ key: string; bytes: number }> {
    assertContentType(key, options.contentType);
    const { maxBytes = Number.POSITIVE_INFINITY, signal } = options;
    const object = { Bucket: this.bucket, Key: key, ContentType: options.contentType };
    if (body instanceof Readable) return { key, bytes: await this.putStream(object, body, maxBytes, signal) };
    if (body.length > maxBytes) throw new AssetTooLargeError(maxBytes);
    await this.client.send(new PutObjectCommand({ ...object, Body: body }), { abortSignal: signal });
    return { key, bytes: body.length };
  }

  async head(key: string): Promise<AssetFacts | undefined> {
    const contentType = contentTypeOfKey(key);
    const facts = await unlessMissing(this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key })));
    if (!facts) return undefined;
    const { ContentLength: bytes, LastModified: lastModified, ETag: etag } = facts;
    if (bytes === undefined || !lastModified || !etag) throw new Error(`The S3 store did not tell all about ${key}`);
    return { bytes, contentType: facts.ContentType ?? contentType, lastModified, etag };
  }

  async read(key: string, range?: ByteRange): Promise<Readable | undefined> {
    contentTypeOfKey(key);
    const Range = range && `bytes=${range.start}-${range.end}`;
    const object = await unlessMissing(
      this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key, Range })),
    );
    return object?.Body as Readable | undefined;
  }

  async delete(key: string): Promise<void> {
    contentTypeOfKey(key);
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  /** In parts of 5 MiB, two at a time: a file of any size needs little memory, and no part of it shows before the last. */
  private async putStream(
    object: { Bucket: string; Key: string },
    body: Readable,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const limit = new ByteLimit(maxBytes);
    // A body that fails or ends too soon destroys `limit`, which fails the upload that reads it; and the other way round.
    pipeline(body, limit, () => {});
    const upload = new Upload({ client: this.client, params: { ...object, Body: limit }, queueSize: 2 });
    const stop = () => void upload.abort();
    signal?.addEventListener('abort', stop);
    try {
      signal?.throwIfAborted();
      await upload.done();
    } finally {
      signal?.removeEventListener('abort', stop);
      limit.destroy();
    }
    return limit.bytes;
  }
}

async function unlessMissing<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof NoSuchKey || error instanceof NotFound) return undefined;
    throw error;
  }
}
