/**
 * Ports that services of a Compose file publish, in the short and the long syntax (compose-spec, ports; compose-go ParsePortConfig).
 * Only what is certain is returned: no variable without a default or with a value in `.env`, no port that Docker chooses, and no service that does not start or
 * that shares the network of the host or of another container.
 */
import { escapeSegment, isObject, type JsonObject } from '../../../pod/pointer.ts';
import type { PublishedRange } from '../../../pod/published-ports.ts';
import { type ComposeContext, withoutValues } from './environment.ts';
import { untraced } from '../traced-text.ts';
import { isReset } from './reset.ts';
import { interpolate, UNKNOWN, type Values } from './variables.ts';

export interface ComposePort extends PublishedRange {
  /** Of the entry, from the root of the document. */
  readonly pointer: string;
}

export function composePorts(context: ComposeContext): readonly ComposePort[] {
  const { value } = context.document;
  const services = isObject(value) ? value['services'] : undefined;
  if (!isObject(services)) return [];
  const textOf = textReader(withoutValues(context.environment).values);
  return Object.entries(services).flatMap(([service, fields]) => {
    const at = `/services/${escapeSegment(service)}`;
    return isObject(fields) && !isReset(context, at) ? portsOf(context, { service, fields, at, textOf }) : [];
  });
}

interface Service {
  readonly service: string;
  readonly fields: JsonObject;
  /** The pointer to it. */
  readonly at: string;
  readonly textOf: ReadText;
}

function portsOf(context: ComposeContext, { service, fields, at, textOf }: Service): readonly ComposePort[] {
  const { ports } = fields;
  const profiles = profilesOf(fields['profiles'], textOf);
  if (!Array.isArray(ports) || profiles === undefined || !isCertain(fields, textOf) || isReset(context, `${at}/ports`))
    return [];
  return (ports as readonly unknown[]).flatMap((entry, index) => {
    const pointer = `${at}/ports/${index}`;
    const port = isReset(context, pointer)
      ? undefined
      : isObject(entry)
        ? longPort(entry, textOf)
        : shortPort(entry, textOf);
    return port === undefined ? [] : [{ ...port, service, profiles, pointer }];
  });
}

/** Returns undefined if a profile is a variable. */
function profilesOf(value: unknown, textOf: ReadText): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  const profiles: readonly (string | undefined)[] = Array.isArray(value)
    ? value.map((one) => textOf(one))
    : [undefined];
  return profiles.every((one) => one !== undefined) ? profiles : undefined;
}

const OTHER_NETWORK = /^(?:host|none|service:.*|container:.*)$/;

/** Reports whether the service starts, and has a network of its own. */
function isCertain({ network_mode: mode, scale, deploy }: JsonObject, textOf: ReadText): boolean {
  const network = mode === undefined || mode === null ? '' : textOf(mode);
  const replicas = isObject(deploy) ? deploy['replicas'] : undefined;
  const starts = [scale, replicas].every((one) => one === undefined || (typeof one === 'number' && one > 0));
  return starts && network !== undefined && !OTHER_NETWORK.test(network);
}

/** Returns undefined for what is not a text or number, or has a variable that is not known. */
type ReadText = (value: unknown) => string | undefined;

function textReader(values: Values): ReadText {
  return (value) => {
    if (typeof value === 'number') return String(value);
    const text = typeof value === 'string' ? interpolate(untraced(value), values).text : undefined;
    return text?.includes(UNKNOWN) ? undefined : text;
  };
}

type Range = Pick<PublishedRange, 'hostIP' | 'protocol' | 'from' | 'to' | 'target'>;

const SHORT =
  /^(?:(?:\[([\da-f:]+)\]|(\d{1,3}(?:\.\d{1,3}){3})):)?(\d{1,5}(?:-\d{1,5})?):(\d{1,5}(?:-\d{1,5})?)(?:\/(tcp|udp|sctp))?$/i;

function shortPort(entry: unknown, textOf: ReadText): Range | undefined {
  const [, v6, v4, published, target, protocol = 'tcp'] = SHORT.exec(textOf(entry) ?? '') ?? [];
  return rangeOf({ published, target, hostIP: v6 ?? v4 ?? '', protocol });
}

function longPort(
  { published, target, host_ip: hostIP = '', protocol = 'tcp' }: JsonObject,
  textOf: ReadText,
): Range | undefined {
  const [ip, name] = [textOf(hostIP), textOf(protocol)];
  if (ip === undefined || !/^(?:tcp|udp|sctp)$/i.test(name ?? '')) return undefined;
  return rangeOf({ published: textOf(published), target: textOf(target), hostIP: ip, protocol: name ?? '' });
}

interface WrittenPort {
  readonly published: string | undefined;
  readonly target: string | undefined;
  readonly hostIP: string;
  readonly protocol: string;
}

/** Docker chooses a port of a range that leads to a single port. */
function rangeOf({ published, target, hostIP, protocol }: WrittenPort): Range | undefined {
  const [host, container] = [boundsOf(published), boundsOf(target)];
  if (host === undefined || container === undefined) return undefined;
  if (host.to - host.from !== container.to - container.from) return undefined;
  return { hostIP: hostIP.toLowerCase(), protocol: protocol.toLowerCase(), ...host, target: container.from };
}

function boundsOf(text: string | undefined): { readonly from: number; readonly to: number } | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '') ?? [];
  const [from, to] = [Number(first), Number(last)];
  return from >= 1 && from <= to && to <= 65_535 ? { from, to } : undefined;
}
