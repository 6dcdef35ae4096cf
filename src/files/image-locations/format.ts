/** The interface of a format, and its result for one file. */
import type { FieldSpec, FieldUse } from '../../pinning/kustomize/field-specs.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { ImagesEntry } from '../../pinning/kustomize/images-entry.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { KustomizationReferences } from '../kustomization.ts';
import type { MisshapenValue } from '../misshapen-objects.ts';
import type { UncheckedObject } from '../unchecked-objects.ts';
import type { ComposeBuild } from './compose/builds.ts';
import type { Environment } from './compose/environment.ts';
import type { Build } from './dockerfile/builds.ts';
import type { DocumentContext } from './document-context.ts';

export interface FindOptions {
  readonly kinds: KindTable;
  /** JSON pointers to the images in Helm values. */
  readonly helmImages: readonly string[];
  /** The targets that kustomizations give for a file that is a patch and not a resource. */
  readonly patchTargets?: (file: string) => readonly unknown[] | undefined;
  /** The builds of a Dockerfile that Compose files describe. */
  readonly buildsOf?: (file: string) => readonly Build[];
  /** The variables of a Compose file; by default, those of the `.env` file beside it. */
  readonly environmentOf?: ((composeFile: string) => Environment) | undefined;
}

/** A fault in a file, with its position. */
export interface FileFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** A template expression causes it. */
  readonly isTemplate?: boolean;
}

export interface FileImages {
  /** The first format that is found in the file; undefined: no format is found. */
  readonly format: string | undefined;
  readonly locations: readonly ImageLocation[];
  /** Images that are not pinned here, but changed by kustomizations. */
  readonly hidden: readonly ImageLocation[];
  readonly kustomization: KustomizationImages | undefined;
  /** Field specs in a file under `configurations`. */
  readonly fields: readonly FieldSpec[];
  /** Builds in a Compose file. */
  readonly builds: readonly ComposeBuild[];
  /** Names that transformers of images match. */
  readonly retagged: readonly string[];
  /** Fields from which replacements take a part of an image, and that patches compare. */
  readonly uses: readonly FieldUse[];
  /** The `helmImages` that lead to a value. */
  readonly pointers: readonly string[];
  readonly faults: readonly FileFault[];
  /** Images that are not seen here. */
  readonly notices: readonly FileFault[];
  /** Objects with images that are not read, for one notice about all files. */
  readonly unchecked: readonly UncheckedObject[];
  /** Values of custom kinds that are not read, likewise. */
  readonly misshapen: readonly MisshapenValue[];
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
  /** The name in reports, which several formats can share; undefined: files in this format have no images to pin. */
  readonly name: string | undefined;
  /** Names of its files that do not end in `.yaml`, `.yml`, or `.json`. */
  readonly fileNames?: { readonly accepts: (name: string) => boolean; readonly described: string };
}

/** A format that a whole file has. */
export interface TextFormat extends Format {
  readonly name: string;
  readonly matches: (file: string, text: string) => boolean;
  /** A `format` in the result replaces the name. */
  readonly locate: (text: string, file: string, options: FindOptions) => Partial<FileImages>;
}

/** A format that a YAML or JSON document has. */
export interface DocumentFormat extends Format {
  readonly matches: (document: OpenDocument, options: FindOptions) => boolean;
  readonly locate: (context: DocumentContext, options: FindOptions) => Partial<FileImages>;
}

export type OpenDocument = Pick<DocumentContext, 'file' | 'document'>;
