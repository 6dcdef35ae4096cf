/** Fixes for container-ports: an entry that repeats another one, a protocol in lowercase, and the second of two equal port names. */
import { valueAt } from '../../files/image-locations/document-context.ts';
import { replaceField } from '../../files/image-locations/field-text.ts';
import { removeItem } from '../../files/image-locations/list-item-text.ts';
import { quoteValue } from '../../image/quote.ts';
import { portOf } from '../../pod/containers.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { isPortName } from '../../policy/rules/port-names.ts';
import { isProtocol } from '../../policy/rules/port-numbers.ts';
import { edited, type EditResult, type FoundValue, type MendInput } from './mend.ts';

/** Returns undefined for other findings: which port a container uses is a decision. */
export function mendPort(found: FoundValue, input: MendInput): EditResult | undefined {
  const [, holder = '', key] = /^(.*\/ports\/\d+)(?:\/(\w+))?$/.exec(found.pointer) ?? [];
  if (repeatsAnother(found, holder)) {
    const result = edited(removeItem(found.context, holder), '');
    return result.ok ? { ...result, removes: holder } : result;
  }
  const value = valueAt(found.context.document.value, found.pointer);
  if (typeof value !== 'string') return undefined;
  const port = { ...found, holder, value };
  if (key === 'name') return rename(port, input);
  return key === 'protocol' ? upperCase(port) : undefined;
}

/** An entry with the values of an earlier one in its container. */
function repeatsAnother({ context }: FoundValue, holder: string): boolean {
  const slash = holder.lastIndexOf('/');
  const ports = itemsAt(context.document.value, holder.slice(0, Math.max(slash, 0)));
  const index = Number(holder.slice(slash + 1));
  const port = ports[index];
  if (!isObject(port) || !Object.keys(port).every((key) => FIELDS.has(key))) return false;
  const meaning = meaningOf(port);
  return ports
    .slice(0, index)
    .some((other) => isObject(other) && isSimilar(other, port) && meaningOf(other) === meaning);
}

const FIELDS: ReadonlySet<string> = new Set(['name', 'containerPort', 'protocol', 'hostPort', 'hostIP']);

/** Cheap, for lists with thousands of ports. */
function isSimilar(one: JsonObject, other: JsonObject): boolean {
  return one['containerPort'] === other['containerPort'] && one['name'] === other['name'];
}

function meaningOf(port: JsonObject): string {
  return JSON.stringify(portOf(port, '', false));
}

interface FoundPort extends FoundValue {
  /** The pointer to the port. */
  readonly holder: string;
  readonly value: string;
}

function upperCase({ context, holder, value }: FoundPort): EditResult | undefined {
  const protocol = value.toUpperCase();
  return isProtocol(protocol) ? edited(replaceField(context, { holder, key: 'protocol' }), protocol) : undefined;
}

/** `http` -> `http-9090`, if nothing refers to the name. */
function rename(port: FoundPort, { references, taken }: MendInput): EditResult | undefined {
  const { context, finding, base, holder, value } = port;
  if (!isPortName(value)) return undefined;
  const container = holder.slice(0, holder.lastIndexOf('/ports/'));
  const user = references().to(value, { file: finding.file, document: context.document.index, container });
  if (user !== undefined)
    return {
      ok: false,
      reason: `${user} refers to the port name ${quoteValue(value)}; rename one of the ports by hand`,
    };
  const name = nameFor(value, valueAt(context.document.value, `${holder}/containerPort`));
  const used = portNamesIn(context.document.value, container.replace(/\/[^/]*\/\d+$/, ''));
  const key = `${context.document.index} ${base} ${name}`;
  if (name === undefined || used.has(name) || taken.has(key) || references().to(name) !== undefined)
    return {
      ok: false,
      reason: `no new name is certain for the port ${quoteValue(value)}; rename one of the ports by hand`,
    };
  const result = edited(replaceField(context, { holder, key: 'name' }), name);
  if (result.ok) taken.add(key);
  return result;
}

const MAX_NAME = 15;

function nameFor(name: string, containerPort: unknown): string | undefined {
  if (typeof containerPort !== 'number' || !Number.isInteger(containerPort)) return undefined;
  const suffix = `-${containerPort}`;
  const renamed = `${name.slice(0, MAX_NAME - suffix.length).replace(/-$/, '')}${suffix}`;
  return isPortName(renamed) ? renamed : undefined;
}

/** The names in all containers of a Pod. */
function portNamesIn(root: unknown, pod: string): ReadonlySet<unknown> {
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    itemsAt(root, `${pod}/${list}`),
  );
  return new Set(containers.flatMap((container) => itemsAt(container, '/ports')).map((port) => valueAt(port, '/name')));
}

function itemsAt(root: unknown, pointer: string): readonly unknown[] {
  const value = valueAt(root, pointer);
  return Array.isArray(value) ? value : [];
}
