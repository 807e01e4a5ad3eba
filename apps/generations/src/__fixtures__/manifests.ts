import type { FamilyManifest, GenerateInput, ModelManifest, ProviderManifest } from '@doitong/contracts';

export function aModel(id: string, changes: Partial<ModelManifest> = {}): ModelManifest {
  return {
    id,
    name: `Model ${id}`,
    lifecycle: 'ACTIVE',
    inputs: { text: 'required', image: 'optional', audio: 'unsupported', voice: 'unsupported' },
    maxCharacters: 1_000,
    options: {
      type: 'object',
      additionalProperties: false,
      properties: {
        duration: { type: 'integer', enum: [6, 10], default: 6, description: 'Seconds.' },
        resolution: { type: 'string', enum: ['768p', '1080p'], default: '768p', description: 'Height.' },
        strength: { type: 'number', minimum: 0, maximum: 1, default: 0.5, description: 'Of the effect.' },
      },
    },
    adjustments: [],
    price: { base: 10 },
    expectedSeconds: 30,
    deadlineSeconds: 600,
    qualityRank: 50,
    speedRank: 50,
    ...changes,
  };
}

export function aProvider(id: string, changes: Partial<ProviderManifest> = {}): ProviderManifest {
  return {
    id,
    aliases: [],
    name: id,
    description: `What ${id} does.`,
    type: 'VIDEO',
    features: [],
    limitations: [],
    models: [aModel(`${id}-1`)],
    ...changes,
  };
}

export const aFamily = (family: string, ...providers: ProviderManifest[]): FamilyManifest => ({ family, providers });

export function aRequest(changes: Partial<GenerateInput> = {}): GenerateInput {
  return { type: 'VIDEO', input: { text: 'a red kite' }, ...changes };
}
