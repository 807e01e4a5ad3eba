import { Ajv, type ValidateFunction } from 'ajv';
import Type, { type Static, type TSchema } from 'typebox';

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addKeyword({
  keyword: 'lenient',
  modifying: true,
  compile: (wanted: { type?: string }) => {
    const fits = ajv.compile(wanted);
    return (value, context) => {
      const meant = wanted.type === 'number' ? numberOf(value) : value;
      if (context) context.parentData[context.parentDataProperty] = fits(meant) ? meant : undefined;
      return true;
    };
  },
});
const validators = new WeakMap<TSchema, ValidateFunction>();

/** The value, if it has this shape. Fields that the schema does not name are let through. */
export function shaped<T extends TSchema>(schema: T, value: unknown): Static<T> | undefined {
  let fits = validators.get(schema);
  if (!fits) {
    fits = ajv.compile(schema);
    validators.set(schema, fits);
  }
  return fits(value) ? (value as Static<T>) : undefined;
}

/**
 * A vendor's field that we can do without: absent, null or of another shape, it is undefined. A number may be given as text. So no
 * detail costs an answer that has what is needed to go on.
 */
export function maybe<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Unsafe<Static<T> | undefined>({ lenient: schema }));
}

/** A vendor's name for something. Vendors write theirs as text or as a number. */
export const Id = Type.Union([Type.String({ minLength: 1 }), Type.Integer()]);

/** What a table has under this key itself. A key that others chose may be the name of something that every object has. */
export function own<T>(table: Record<string | number, T>, key: string | number | undefined): T | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** A cost that a vendor tells, in micro-USD. Undefined for what can be no cost, which is then not known. */
export function microUsd(amount: number | undefined, microUsdPerUnit: number): number | undefined {
  const cost = Math.round((amount ?? Number.NaN) * microUsdPerUnit);
  return Number.isSafeInteger(cost) && cost >= 0 ? cost : undefined;
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}
