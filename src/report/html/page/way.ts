/** The way of an image: from the node to the credential, as columns of boxes, with the way of one finding. */
import type { ContainerPicture, CredentialPicture, PodPicture } from '../report-data.ts';
import { imageParts } from './image-text.ts';
import type { Item } from './model.ts';

export interface Box {
  readonly title: string;
  readonly note: string;
  /** On the way of the finding. */
  readonly isOn: boolean;
  /** What the finding is about. */
  readonly isFaulty: boolean;
}

export interface Column {
  readonly title: string;
  readonly isCode: boolean;
  readonly boxes: readonly Box[];
}

export interface Link {
  /** The column on the left. */
  readonly column: number;
  readonly from: number;
  readonly to: number;
  readonly isOn: boolean;
}

export interface Way {
  readonly columns: readonly Column[];
  readonly links: readonly Link[];
  /** For the list that replaces the picture on a phone and for screen readers. */
  readonly pod: PodPicture;
  readonly place: Place;
}

type Place = 'pod' | 'container' | 'image' | 'registry' | 'credential';

/** The Pod of the object that the finding is in. */
export function podOf({ review, finding }: Item): PodPicture | undefined {
  const { pointer } = finding;
  const inside = review.pods.find((pod) => pointer !== null && pointer.startsWith(pod.pointer));
  return inside ?? review.pods[0];
}

export function wayOf(item: Item, pod: PodPicture): Way {
  const own = ownContainer(item, pod);
  const place = placeOf(item, own);
  return { columns: columnsOf(item, pod, { own, place }), links: linksOf(pod, own), pod, place };
}

interface Lit {
  readonly own: ContainerPicture | undefined;
  readonly place: Place;
}

function columnsOf({ review }: Item, pod: PodPicture, { own, place }: Lit): readonly Column[] {
  const { containers } = pod;
  const boxAt =
    (at: Place, isOn: (own: ContainerPicture) => boolean) =>
    (title: string, note: string): Box => {
      const isLit = at === 'pod' || (own !== undefined && isOn(own));
      return { title, note, isOn: isLit, isFaulty: isLit && place === at };
    };
  const node: Box = { title: pod.node ?? 'any node', note: '', isOn: true, isFaulty: false };
  const images = distinct(containers, imageOf).map((one) => {
    const [title, note] = imageTexts(one);
    return boxAt('image', ({ image }) => image === one.image)(title, note);
  });
  const registries = distinct(containers, registryText).map((one) =>
    boxAt('registry', (each) => registryText(each) === registryText(one))(registryText(one), ''),
  );
  const credentials = distinct(containers, credentialKey).map((one) => {
    const [title, note] = credentialTexts(one.credential);
    return boxAt('credential', (each) => credentialKey(each) === credentialKey(one))(title, note);
  });
  const started = containers.map((one) => boxAt('container', (each) => each === one)(one.name, containerNote(one)));
  return [
    { title: 'Node', isCode: false, boxes: [node] },
    { title: 'Pod', isCode: false, boxes: [boxAt('pod', () => true)(review.name, podNote(pod))] },
    { title: 'Containers, in start order', isCode: false, boxes: started },
    { title: 'Image', isCode: true, boxes: images },
    { title: 'Registry', isCode: true, boxes: registries },
    { title: 'Credential', isCode: false, boxes: credentials },
  ];
}

/** The first container with each value. */
function distinct(
  containers: readonly ContainerPicture[],
  keyOf: (container: ContainerPicture) => string,
): readonly ContainerPicture[] {
  return [...Map.groupBy(containers, keyOf).values()].flatMap(([first]) => (first === undefined ? [] : [first]));
}

function linksOf({ containers }: PodPicture, own: ContainerPicture | undefined): readonly Link[] {
  const indexIn = (keyOf: (container: ContainerPicture) => string): ((container: ContainerPicture) => number) => {
    const keys = distinct(containers, keyOf).map(keyOf);
    return (container) => keys.indexOf(keyOf(container));
  };
  const [image, registry, credential] = [indexIn(imageOf), indexIn(registryText), indexIn(credentialKey)];
  const links = containers.flatMap((each, index): readonly Link[] => {
    const isOn = each === own;
    return [
      { column: 1, from: 0, to: index, isOn },
      { column: 2, from: index, to: image(each), isOn },
      { column: 3, from: image(each), to: registry(each), isOn },
      { column: 4, from: registry(each), to: credential(each), isOn },
    ];
  });
  return [{ column: 0, from: 0, to: 0, isOn: true }, ...links];
}

function imageOf({ image }: ContainerPicture): string {
  return image;
}

export function ownContainer({ finding }: Item, { containers }: PodPicture): ContainerPicture | undefined {
  return (
    containers.find(({ pointer }) => pointer === finding.pointer) ??
    containers.find(({ name }) => finding.container !== null && name === finding.container)
  );
}

/** The rules of these names are about a place that the pointer does not tell. */
function placeOf({ finding: { rule, pointer } }: Item, own: ContainerPicture | undefined): Place {
  if (own === undefined) return 'pod';
  if (rule.startsWith('pull-secret')) return 'credential';
  if (rule === 'image-registry') return 'registry';
  return pointer === own.pointer ? 'image' : 'container';
}

function imageTexts({ image, registry }: ContainerPicture): readonly [title: string, note: string] {
  const { path, tag, digest } = imageParts(image, registry);
  const note = [tag === '' ? '' : `tag ${tag.slice(1)}`, digest.slice(1)].filter((each) => each !== '').join(', ');
  return [path === '' ? 'no image' : path, note === '' ? 'no tag' : note];
}

function podNote({ hostNetwork }: PodPicture): string {
  return hostNetwork ? 'IP address of the node' : 'one IP, one port space';
}

export function containerNote({ kind, start, ports }: ContainerPicture): string {
  const order = kind === 'regular' || start === null ? kind : `${start} ${kind}`;
  return [order, ...ports.slice(0, 2), ...(ports.length > 2 ? ['…'] : [])].join(' · ');
}

export function registryText({ registry }: ContainerPicture): string {
  return registry ?? 'unknown';
}

function credentialKey({ credential: { state, secret, user } }: ContainerPicture): string {
  return JSON.stringify([state, secret, user]);
}

export function credentialTexts(credential: CredentialPicture | undefined): readonly [title: string, note: string] {
  const { state, secret, user } = credential ?? { state: 'unknown', secret: null, user: null };
  if (state === 'found') return [secret ?? '', user === null || user === '' ? 'Secret' : `Secret, user ${user}`];
  if (state === 'anonymous') return ['anonymous', 'no pull secret matches'];
  if (state === 'refused') return ['not pulled', 'a pull secret is malformed'];
  if (state === 'unreadable') return ['not pulled', 'the image is invalid'];
  return ['unknown', 'pull secrets are not known'];
}
