import { invalidInput, type ModelManifest, type Price } from '@doitong/contracts';

/** INVALID_INPUT for a price by an option that these models do not have: nothing would be charged for it. */
export function checkPrice({ perSecond, defaultSeconds, multipliers = {} }: Price, models: ModelManifest[]): void {
  if (perSecond !== undefined && defaultSeconds === undefined) {
    const without = models.find((model) => !propertyOf(model, 'duration'));
    if (without)
      throw invalidInput('price.defaultSeconds', `${without.id} has no option "duration": say for how many.`);
  }
  for (const [option, factors] of Object.entries(multipliers)) {
    for (const value of Object.keys(factors)) {
      if (models.some((model) => takes(propertyOf(model, option), value))) continue;
      const message = `No model that this price is for has the option "${option}" with the value "${value}".`;
      throw invalidInput(`price.multipliers.${option}`, message, allowedOf(models, option));
    }
  }
}

interface Property {
  type?: string;
  enum?: unknown[];
}

const propertiesOf = ({ options }: ModelManifest) => (options.properties ?? {}) as Record<string, Property>;

/** Not what every object inherits, such as `constructor`. */
function propertyOf(model: ModelManifest, option: string): Property | undefined {
  const properties = propertiesOf(model);
  return Object.hasOwn(properties, option) ? properties[option] : undefined;
}

function valuesOf({ type, enum: values }: Property): string[] | undefined {
  return values?.map(String) ?? (type === 'boolean' ? ['true', 'false'] : undefined);
}

const takes = (property: Property | undefined, value: string) =>
  property !== undefined && (valuesOf(property)?.includes(value) ?? true);

/** The values of the option; the names of all options, where there is none of this name. */
function allowedOf(models: ModelManifest[], option: string): string[] {
  const values = models.flatMap((model) => {
    const property = propertyOf(model, option);
    return (property && valuesOf(property)) ?? [];
  });
  return [...new Set(values.length > 0 ? values : models.map(propertiesOf).flatMap(Object.keys))];
}
