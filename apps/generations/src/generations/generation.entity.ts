import type {
  ContentType,
  ErrorBody,
  GenerateInput,
  Generation,
  GenerationInput,
  GenerationStatus,
  Metadata,
  Mode,
  Output,
  Plan,
  Routing,
} from '@doitong/contracts';

/** A row of `generations`. Credits are those held. */
export interface GenerationRow {
  id: string;
  account_id: string;
  /** That the account was on when it was accepted; null of those that were before it was kept. */
  plan: Plan | null;
  mode: Mode;
  type: ContentType;
  status: GenerationStatus;
  provider: string;
  model: string;
  input: GenerationInput;
  options: Record<string, unknown>;
  credits: number;
  /** Never held or charged more, as a quote promised; null without one. */
  most_credits: number | null;
  expected_seconds: number;
  progress: number;
  routing: Routing;
  /** What it was chosen by, besides its type and input. */
  asked: Pick<GenerateInput, 'provider' | 'model' | 'priority' | 'options'>;
  adjustments: string[];
  output: Output | null;
  error: ErrorBody | null;
  webhook_url: string | null;
  request_id: string;
  version: number;
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
  deadline_at: Date;
}

export function toGeneration(row: GenerationRow): Generation {
  return {
    id: row.id,
    accountId: row.account_id,
    mode: row.mode,
    type: row.type,
    status: row.status,
    progress: row.progress,
    provider: row.provider,
    model: row.model,
    creditCost: row.status === 'FAILED' || row.status === 'CANCELLED' ? 0 : row.credits,
    estimatedTime: row.expected_seconds,
    metadata: toMetadata(row),
    assetKey: row.output?.key ?? null,
    error: row.error,
    routing: row.routing,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    completedAt: row.completed_at?.toISOString() ?? null,
    version: row.version,
  };
}

function toMetadata({ model, adjustments, options, output }: GenerationRow): Metadata {
  const { resolution } = options;
  const metadata: Metadata = { model, adjustments };
  if (typeof resolution === 'string') metadata.resolution = resolution;
  if (!output) return metadata;
  const { width, height, durationSeconds, format, contentType, bytes } = output;
  return { ...metadata, width, height, duration: durationSeconds, format, contentType, size: bytes };
}
