import { FamilyManifest, type ModelManifest } from '@doitong/contracts';
import { expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import type { ProviderFamily } from '../adapter.js';
import { effectiveOptions } from './request.js';

interface Property {
  description?: string;
  enum?: unknown[];
}

/** What the catalogue relies on, of every model of a family. */
export function describeManifest({ manifest }: ProviderFamily): void {
  const models = manifest.providers.flatMap((provider) =>
    provider.models.map((model) => [`${provider.id} ${model.id}`, model, provider.models] as const),
  );

  it('the manifest is of the contract’s form', () => {
    const validate = new Ajv({ strict: true }).compile(FamilyManifest);
    expect(validate(JSON.parse(JSON.stringify(manifest))) ? [] : validate.errors).toEqual([]);
  });

  it('provider names and aliases are unique', () => {
    const names = manifest.providers.flatMap(({ id, aliases }) => [id, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(models)('%s: options are described, and their defaults are allowed', (_, model) => {
    for (const [name, property] of Object.entries(propertiesOf(model))) {
      expect([name, property.description]).toEqual([name, expect.stringMatching(/./)]);
    }
    expect(effectiveOptions(model, effectiveOptions(model))).toEqual(effectiveOptions(model));
  });

  it.each(models)('%s: adjustments lead from options that are allowed to options that are left alone', (_, model) => {
    for (const { when, set } of model.adjustments) {
      const adjusted = effectiveOptions(model, when);
      expect(adjusted).toMatchObject(set);
      expect(effectiveOptions(model, adjusted)).toEqual(adjusted);
    }
  });

  it.each(models)('%s: costs something, and more or less only by options that it has', (_, model) => {
    const properties = propertiesOf(model);
    for (const price of [model.price, model.vendorPrice ?? model.price]) {
      expect(price.base + (price.perSecond ?? 0) + (price.perThousandCharacters ?? 0)).toBeGreaterThan(0);
      for (const [option, factors] of Object.entries(price.multipliers ?? {})) {
        expect(properties[option]?.enum?.map(String)).toEqual(expect.arrayContaining(Object.keys(factors)));
      }
      const hasLength = 'duration' in properties || price.defaultSeconds !== undefined;
      expect(price.perSecond === undefined || hasLength).toBe(true);
    }
  });

  it.each(models)(
    '%s: is given up later than it is expected, and has a living successor if retired',
    (_, model, all) => {
      expect(model.deadlineSeconds).toBeGreaterThan(model.expectedSeconds);
      if (model.lifecycle !== 'RETIRED') return;
      expect(all.find(({ id }) => id === model.successor)?.lifecycle).toBe('ACTIVE');
    },
  );
}

function propertiesOf(model: Pick<ModelManifest, 'options'>): Record<string, Property> {
  return model.options.properties as Record<string, Property>;
}
