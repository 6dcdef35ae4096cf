/** The file of `check --baseline`: the findings that are known and do not fail. */
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';
import { faultText, schemaCheck } from '../policy/schema-faults.ts';
import { loadRegularText, loadText, MISSING } from './load-text.ts';
import { replaceFile } from './replace-file.ts';
import { parseDocuments } from './yaml/yaml.ts';

/** Only `fingerprint` counts; the rest is for people. */
export interface KnownFinding {
  readonly fingerprint: string;
  readonly rule: string;
  /** For example `Deployment shop/web`. */
  readonly workload: string;
  readonly container: string | null;
  readonly image: string | null;
}

export interface Baseline {
  readonly file: string;
  readonly findings: readonly KnownFinding[];
}

const TEXT_OR_NULL = { type: ['string', 'null'] } as const;
const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'findings'],
  properties: {
    version: { const: 1 },
    findings: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['fingerprint', 'rule', 'workload', 'container', 'image'],
        properties: {
          fingerprint: { type: 'string', pattern: '^[0-9a-f]{32}:[1-9][0-9]*$' },
          rule: { type: 'string' },
          workload: { type: 'string' },
          container: TEXT_OR_NULL,
          image: TEXT_OR_NULL,
        },
      },
    },
  },
} as const;

const checkBaseline = schemaCheck(SCHEMA);

/** Throws a UserError if the file cannot be read. */
export function loadBaseline(file: string): Baseline {
  const loaded = loadText(file);
  if ('problem' in loaded)
    throw new UserError(
      `cannot read baseline ${quoteValue(file)}: ${loaded.problem} (set by --baseline); create it with --write-baseline ${file}`,
    );
  const [document, ...more] = parseDocuments(loaded.text);
  if (document === undefined || more.length > 0) throw new UserError(`${file}: expected one document`);
  if (!document.ok) throw new UserError(`${file}:${document.line}:${document.column}: ${document.problem}`);
  const faults = checkBaseline(document.value).map((fault) => {
    const { line, column } = document.positionOf(fault.pointer);
    return `${file}:${line}:${column}: ${faultText(fault)}`;
  });
  if (faults.length > 0) throw new UserError(faults.join('\n'));
  // The schema has just been checked.
  return { file, findings: (document.value as { readonly findings: readonly KnownFinding[] }).findings };
}

/**
 * Returns the text that a new baseline replaces; undefined: the file does not exist. Throws a UserError if it is another file, such as
 * a manifest. A baseline with conflicts of a merge is replaced as well.
 */
export function replacedBaseline(file: string): string | undefined {
  const before = loadRegularText(file);
  if ('problem' in before && before.problem === MISSING) return undefined;
  if ('problem' in before) throw notWritten(file, before.problem);
  if (before.text.trim() !== '' && !before.text.includes('"findings"'))
    throw notWritten(file, 'the file exists and is not a baseline; choose another file');
  return before.text;
}

function notWritten(file: string, problem: string): UserError {
  return new UserError(`cannot write baseline ${quoteValue(file)}: ${problem} (set by --write-baseline)`);
}

/** Sorted, one line per finding, so that a diff shows what was added and what is gone. */
export function saveBaseline(file: string, findings: readonly KnownFinding[]): void {
  const lines = findings.map((finding) => `    ${JSON.stringify(finding)}`).toSorted();
  const text = `{\n  "version": 1,\n  "findings": [\n${lines.join(',\n')}\n  ]\n}\n`;
  const saved = replaceFile(file, replacedBaseline(file), text);
  if (!saved.ok) throw notWritten(file, saved.problem);
}
