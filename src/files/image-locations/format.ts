/** What a format of files with images is, and what it finds in one of them. */
import type { FieldSpec, FieldUse } from '../../pinning/kustomize/field-specs.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { ImagesEntry } from '../../pinning/kustomize/images-entry.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { KustomizationReferences } from '../kustomization.ts';
import type { UncheckedObject } from '../unchecked-objects.ts';
import type { ComposeBuild } from './compose/builds.ts';
import type { Build } from './dockerfile/images.ts';
import type { DocumentContext } from './document-context.ts';

export interface FindOptions {
  readonly kinds: KindTable;
  /** JSON pointers to the images in Helm values. */
  readonly helmImages: readonly string[];
  /** What a kustomization says that the file patches, where one names it as a patch and none as a resource. */
  readonly patchTargets?: (file: string) => readonly unknown[] | undefined;
  /** The builds of a Dockerfile that Compose files describe. */
  readonly buildsOf?: (file: string) => readonly Build[];
}

/** What is wrong with a file, and where in it. */
export interface FileFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface FileImages {
  /** The first format that is found in the file; undefined: none is. */
  readonly format: string | undefined;
  readonly locations: readonly ImageLocation[];
  /** Images that are not pinned here, but changed by kustomizations. */
  readonly hidden: readonly ImageLocation[];
  readonly kustomization: KustomizationImages | undefined;
  /** From a file under `configurations`. */
  readonly fields: readonly FieldSpec[];
  /** From a Compose file. */
  readonly builds: readonly ComposeBuild[];
  /** Names that transformers of images match. */
  readonly retagged: readonly string[];
  /** Fields from which replacements take a part of an image, and that patches compare. */
  readonly uses: readonly FieldUse[];
  /** Those of `helmImages` that lead to a value. */
  readonly pointers: readonly string[];
  readonly faults: readonly FileFault[];
  /** Images that are not seen here. */
  readonly notices: readonly FileFault[];
  /** For one notice about all files. */
  readonly unchecked: readonly UncheckedObject[];
}

export interface KustomizationImages extends KustomizationReferences {
  readonly isComponent: boolean;
  readonly entries: readonly ImagesEntry[];
  /** Images in the patches that are written into it. */
  readonly patches: readonly ImageLocation[];
  /** Sources of images that are not read, as reasons. */
  readonly unseen: readonly string[];
}

interface Format {
  /** In reports; several formats can share one. undefined: files of this format have no images that could be pinned. */
  readonly name: string | undefined;
  /** For messages that list the formats. */
  readonly title?: string;
  /** Names of its files, where they end in neither `.yaml`, `.yml`, nor `.json`. */
  readonly fileNames?: { readonly accepts: (name: string) => boolean; readonly described: string };
}

/** A format that a whole file has. */
export interface TextFormat extends Format {
  readonly name: string;
  readonly matches: (file: string, text: string) => boolean;
  /** A `format` here takes the place of the name. */
  readonly locate: (text: string, file: string, options: FindOptions) => Partial<FileImages>;
}

/** A format that a YAML or JSON document has. */
export interface DocumentFormat extends Format {
  readonly matches: (document: OpenDocument, options: FindOptions) => boolean;
  readonly locate: (context: DocumentContext, options: FindOptions) => Partial<FileImages>;
}

export type OpenDocument = Pick<DocumentContext, 'file' | 'document'>;
