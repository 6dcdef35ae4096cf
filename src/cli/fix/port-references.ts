/**
 * What refers to a port by name: targetPort of a Service, probes, Ingresses, NetworkPolicies, PodMonitors, and fields of other kinds
 * whose key contains "port". Files that cannot be parsed, such as templates, are searched as text.
 */
import { type LoadOptions, loadInputs } from '../../files/input-texts.ts';
import { fileText } from '../../files/location-text.ts';
import { parseDocuments, type ValidDocument } from '../../files/yaml/yaml.ts';
import { escapeSegment, isObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import { quoteValue } from '../../image/quote.ts';

/** The container that declares the port. `document` is zero-based. */
export interface PortHolder {
  readonly file: string;
  readonly document: number;
  /** From the root of the document. */
  readonly container: string;
}

export interface PortReferences {
  /** Returns what refers to the name, for messages. With `holder`, probes of other containers do not count. */
  readonly to: (name: string, holder?: PortHolder) => string | undefined;
}

/** The first reference to each name, by name; within a container, by name and container. */
type Labels = Map<string, string>;

export async function loadPortReferences(
  paths: readonly string[],
  options: Pick<LoadOptions, 'rulesFor' | 'stdin'>,
): Promise<PortReferences> {
  const everywhere: Labels = new Map();
  const inContainers: Labels = new Map();
  const found: Found = {
    add(name, label, holder) {
      const labels = holder === undefined ? everywhere : inContainers;
      for (const key of holder === undefined ? [name] : [name, keyOf(name, holder)])
        if (!labels.has(key)) labels.set(key, label);
    },
  };
  for await (const input of loadInputs(paths, options)) if ('text' in input) addFile(input.path, input.text, found);
  return {
    to: (name, holder) => everywhere.get(name) ?? inContainers.get(holder === undefined ? name : keyOf(name, holder)),
  };
}

interface Found {
  readonly add: (name: string, label: string, holder?: PortHolder) => void;
}

function keyOf(name: string, { file, document, container }: PortHolder): string {
  return JSON.stringify([name, file, document, container]);
}

function addFile(file: string, text: string, found: Found): void {
  const documents = parseDocuments(text);
  for (const document of documents) if (document.ok) addValues(document, file, found);
  if (documents.some(({ ok }) => !ok)) addText(text, fileText(file), found);
}

const LINE = /([\w./-]{1,100})["']?[ \t]*:[ \t]*["']?([a-z\d-]{1,15})["']?[ \t]*(?=$|[,}#])/gm;

/** Templates, and texts in values such as patches in a kustomization. */
function addText(text: string, label: string, { add }: Found): void {
  for (const [, key = '', name = ''] of text.matchAll(LINE)) if (IS_PORT.test(key)) add(name, label);
}

interface Step {
  readonly value: unknown;
  readonly pointer: string;
  /** The keys above the value, without indexes. */
  readonly keys: readonly string[];
}

function addValues(document: ValidDocument, file: string, found: Found): void {
  const waiting: Step[] = [{ value: document.value, pointer: '', keys: [] }];
  for (const { value, pointer, keys } of waiting) {
    if (typeof value === 'string') addString({ value, pointer, keys }, { document, file, found });
    else if (Array.isArray(value))
      for (const [index, item] of (value as readonly unknown[]).entries())
        waiting.push({ value: item, pointer: `${pointer}/${index}`, keys });
    else if (isObject(value))
      for (const [key, child] of Object.entries(value))
        waiting.push({ value: child, pointer: `${pointer}/${escapeSegment(key)}`, keys: [...keys.slice(-1), key] });
  }
}

interface Within {
  readonly document: ValidDocument;
  readonly file: string;
  readonly found: Found;
}

function addString({ value, pointer, keys }: Step & { readonly value: string }, within: Within): void {
  const { document, file, found } = within;
  if (value.includes('\n')) addText(value, labelOf(document, file, pointer), found);
  if (!refersToPort(keys)) return;
  const container = OWN.exec(pointer)?.[1];
  const holder = container === undefined ? undefined : { file, document: document.index, container };
  found.add(value, labelOf(document, file, pointer), holder);
}

/** `targetPort: http`, `port: {name: http}`; `ports: [{name: http}]` declares a port. */
function refersToPort([one = '', last = one]: readonly string[]): boolean {
  return IS_PORT.test(last) || (last === 'name' && one !== last && /[pP]ort$/.test(one));
}

const IS_PORT = /(?:^|[-_./])ports?(?:$|[-_./A-Z])|Port/;

/** The kubelet resolves these in the container itself. */
const OWN =
  /^(.*\/(?:containers|initContainers|ephemeralContainers)\/\d+)\/(?:readinessProbe|livenessProbe|startupProbe|lifecycle)\//;

function labelOf(document: ValidDocument, file: string, pointer: string): string {
  const { line } = document.positionOf(pointer);
  const { value } = document;
  const kind = isObject(value) ? typeOf(value).kind : '';
  const metadata = isObject(value) ? value['metadata'] : undefined;
  const name = isObject(metadata) && typeof metadata['name'] === 'string' ? ` ${quoteValue(metadata['name'])}` : '';
  return `${kind === '' ? '' : `${quoteValue(kind).slice(1, -1)}${name} in `}${fileText(file)}:${line}`;
}
