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
  Price,
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
  /** By what the credits go once the length is known; null where they are exact from the start. */
  metered: Price | null;
  /** What its cancellation cost, where a vendor may have been asked; null otherwise. */
  cancel_charge: number | null;
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
    creditCost: creditCostOf(row),
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

function creditCostOf({ status, credits, cancel_charge }: GenerationRow): number {
  if (status === 'CANCELLED') return cancel_charge ?? 0;
  return status === 'FAILED' ? 0 : credits;
}

function toMetadata({ model, adjustments, options, output }: GenerationRow): Metadata {
  const { resolution } = options;
  const metadata: Metadata = { model, adjustments };
  if (typeof resolution === 'string') metadata.resolution = resolution;
  if (!output) return metadata;
  const { width, height, durationSeconds, format, contentType, bytes } = output;
  return { ...metadata, width, height, duration: durationSeconds, format, contentType, size: bytes };
}
