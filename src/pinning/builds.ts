/**
 * What kustomizations make of images: from the place where a version is written to the images that run. The order is that of
 * kustomize (api/internal/target): resources, components, patches, then `images` from top to bottom.
 */
import { changedImage, type ImagesEntry, matcherOf, setsVersion } from './kustomization.ts';
import type { ImagePlace } from './place.ts';

export interface Kustomization {
  /** As messages name it. */
  readonly file: string;
  /** Whether others only include it. */
  readonly isComponent: boolean;
  readonly resources: readonly Included[];
  readonly components: readonly Included[];
  readonly patches: readonly ImagePlace[];
  readonly entries: readonly ImagesEntry[];
}

export type Included =
  | { readonly state: 'objects'; readonly places: readonly ImagePlace[] }
  /** Asked for when it is needed: kustomizations can refer to each other. */
  | { readonly state: 'kustomization'; readonly get: () => Kustomization }
  | { readonly state: 'unread'; readonly why: string };

/** One image that a build runs. */
export interface Run {
  readonly image: string;
  /** The entries that changed nothing but its name, in order. */
  readonly renames: readonly ImagesEntry[];
  /** The kustomization that is built. */
  readonly file: string;
  /** False for a base: other kustomizations include it. */
  readonly deployed: boolean;
}

export interface Passed {
  /** The images that it changes, as they are after it. */
  readonly images: ReadonlySet<string>;
  /** Why there could be more images: what was not read. */
  readonly unread: readonly string[];
}

export interface Builds {
  /** By the place where the version is written. An empty list: every build replaces it. */
  readonly runs: ReadonlyMap<ImagePlace, readonly Run[]>;
  /** By the place of the entry. */
  readonly passed: ReadonlyMap<ImagePlace, Passed>;
}

/** `all` are those that are built; what they include need not be among them. */
export function buildsOf(all: readonly Kustomization[]): Builds {
  const included = includedIn(all);
  const state: State = { known: new Map(), open: new Set(), passed: new Map() };
  const runs = new Map<ImagePlace, Run[]>();
  for (const one of all) {
    const deployed = !included.has(one);
    if (one.isComponent && !deployed) continue;
    const start: Stock = {
      items: [],
      unread: one.isComponent ? ['no kustomization among these files includes this component'] : [],
    };
    const { items, places } = accumulate(one, start, state);
    for (const place of places) if (!runs.has(place)) runs.set(place, []);
    for (const { place, image, renames } of items) runs.get(place)?.push({ image, renames, file: one.file, deployed });
  }
  return { runs, passed: state.passed };
}

/** Also through others that are not built themselves. */
function includedIn(all: readonly Kustomization[]): ReadonlySet<Kustomization> {
  const included = new Set<Kustomization>();
  const waiting = [...all];
  for (const one of waiting) {
    for (const other of [...one.resources, ...one.components].flatMap(kustomizationOf)) {
      if (included.has(other)) continue;
      included.add(other);
      waiting.push(other);
    }
  }
  return included;
}

function kustomizationOf(included: Included): readonly Kustomization[] {
  return included.state === 'kustomization' ? [included.get()] : [];
}

interface Item {
  readonly place: ImagePlace;
  readonly image: string;
  readonly renames: readonly ImagesEntry[];
}

interface Stock {
  readonly items: readonly Item[];
  readonly unread: readonly string[];
}

interface Accumulated extends Stock {
  /** All that came by, also what was replaced. */
  readonly places: readonly ImagePlace[];
}

interface State {
  readonly known: Map<Kustomization, Accumulated>;
  readonly open: Set<Kustomization>;
  readonly passed: Map<ImagePlace, Passed>;
}

const NOTHING: Accumulated = { items: [], unread: [], places: [] };

function accumulate(one: Kustomization, start: Stock, state: State): Accumulated {
  // kustomize refuses a circle.
  if (state.open.has(one)) return { ...start, places: [] };
  state.open.add(one);
  const resources = one.resources.map((included) => resourceOf(included, state));
  const places = resources.flatMap((each) => each.places);
  let stock: Stock = {
    items: [...start.items, ...resources.flatMap(({ items }) => items)],
    unread: [...start.unread, ...resources.flatMap(({ unread }) => unread)],
  };
  for (const component of one.components) {
    if (component.state !== 'kustomization') continue;
    const more = accumulate(component.get(), stock, state);
    places.push(...more.places);
    stock = more;
  }
  const missing = one.components.flatMap((component) => (component.state === 'unread' ? [component.why] : []));
  const patched = { items: [...stock.items, ...itemsOf(one.patches)], unread: [...stock.unread, ...missing] };
  const items = unique(
    one.entries.reduce<readonly Item[]>(
      (before, entry) => apply(entry, { ...patched, items: before }, state),
      patched.items,
    ),
  );
  state.open.delete(one);
  return {
    items,
    unread: patched.unread,
    places: [...places, ...one.patches.filter(isImage), ...items.map(({ place }) => place)],
  };
}

function resourceOf(included: Included, state: State): Accumulated {
  if (included.state === 'objects')
    return { items: itemsOf(included.places), unread: [], places: included.places.filter(isImage) };
  if (included.state === 'unread') return { ...NOTHING, unread: [included.why] };
  const one = included.get();
  const before = state.known.get(one);
  if (before !== undefined) return before;
  const accumulated = accumulate(one, NOTHING, state);
  state.known.set(one, accumulated);
  return accumulated;
}

function itemsOf(places: readonly ImagePlace[]): readonly Item[] {
  return places.filter(isImage).map((place) => ({ place, image: imageAt(place), renames: [] }));
}

/** Also a text that is not a valid image yet, where an entry can replace it. */
function isImage(place: ImagePlace): boolean {
  const { state } = place.reading;
  return state === 'image' || (state === 'problem' && isReached(place));
}

function imageAt({ reading, image }: ImagePlace): string {
  return reading.state === 'image' ? reading.reference.text : image;
}

function apply(entry: ImagesEntry, { items, unread }: Stock, { passed }: State): readonly Item[] {
  const matches = matcherOf(entry);
  const images = new Set(passed.get(entry.place)?.images);
  const after = items.map((item) => {
    if (!isReached(item.place) || !matches(item.image)) return item;
    const made = changed(entry, item);
    images.add(made.image);
    return made;
  });
  passed.set(entry.place, { images, unread: [...new Set([...(passed.get(entry.place)?.unread ?? []), ...unread])] });
  return after;
}

function changed(entry: ImagesEntry, { place, image, renames }: Item): Item {
  const after = changedImage(image, entry);
  if (setsVersion(entry)) return { place: entry.place, image: after, renames: [] };
  return { place, image: after, renames: after === image ? renames : [...renames, entry] };
}

/** Other fields are left alone: image volumes, ephemeral containers, most custom resources. */
function isReached({ field, target }: ImagePlace): boolean {
  const pointer = field ?? (target.kind === 'value' ? target.pointer : '');
  return /\/(?:containers|initContainers)\/[^/]+\/image$|^\/(?:images|imageTags)\/\d+(?:\/|$)/.test(pointer);
}

function unique(items: readonly Item[]): readonly Item[] {
  const kept: Item[] = [];
  const seen = new Map<ImagePlace, Set<string>>();
  for (const item of items) {
    const known = seen.get(item.place) ?? new Set();
    seen.set(item.place, known);
    const key = JSON.stringify([item.image, item.renames.map(({ name, place: { offset } }) => [name, offset])]);
    if (known.has(key)) continue;
    known.add(key);
    kept.push(item);
  }
  return kept;
}
