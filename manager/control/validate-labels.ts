import { invalid, quoted } from './invalid.ts';
import { limits } from './limits.ts';

const keyPattern = /^[^\s=\p{Cc}]+$/u;

/** Refuses too many labels, unusable keys and values that are too long. */
export function validateLabels(
  field: string,
  flag: string,
  labels: Readonly<Record<string, string>>,
): void {
  const entries = Object.entries(labels);
  if (entries.length > limits.labelsMax)
    throw invalid(
      field,
      `${flag}: ${entries.length} labels, at most ${limits.labelsMax} are allowed`,
    );
  for (const [key, value] of entries) {
    if (key === '') throw invalid(field, `${flag} has no name: write it as NAME=VALUE`);
    if (key.length > limits.labelKeyLengthMax || !keyPattern.test(key))
      throw invalid(
        field,
        `${flag} ${quoted(key)} is not a label name: use no spaces and no '=', at most` +
          ` ${limits.labelKeyLengthMax}`,
      );
    if (value.length > limits.labelValueLengthMax)
      throw invalid(
        field,
        `${flag} ${quoted(key)}: the value is longer than ${limits.labelValueLengthMax} characters`,
      );
  }
}
