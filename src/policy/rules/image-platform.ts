import { quoteValue } from '../../image/quote.ts';
import type { Platform, RegistryDetails } from '../registry-fact.ts';
import { PLATFORM_SCHEMA } from '../registry-questions.ts';
import { defineRule, type Prepared } from '../rule.ts';
import { shortList } from './images.ts';
import { PLATFORM_FORM, platformsIn, platformText, parseNodePlatform } from './platforms.ts';
import { checkRegistryFacts, type ProblemText, unknownProblem } from './registry-facts.ts';
import { ANY, TOO_MANY, type RequiredPlatforms, requiredPlatforms } from './required-platforms.ts';

interface Parameters {
  readonly platforms?: readonly string[];
}

/** Without the platform of a node, the pull of an index fails; a single manifest is pulled, and its container does not start. */
export const imagePlatform = defineRule({
  name: 'image-platform',
  description: 'Images are built for the platforms that their Pods can run on',
  docs: {
    why: 'An image built on an ARM laptop has no linux/amd64 variant; on an amd64 node the pull fails ("no match for platform in manifest") or the container doesn\'t start ("exec format error").',
    remedy:
      'Build the image for the missing platforms, or select nodes that the image is built for (nodeSelector kubernetes.io/arch). The rule checks the platforms that spec.os, nodeSelector, and required node affinity select, within those of the parameter; Linux if they select only an architecture. It compares platforms as containerd does: arm64 is arm64/v8, arm/v7 also runs arm/v6 and arm/v5, amd64 also runs 386, and Windows versions are not compared.',
    example: {
      parameters: { platforms: ['linux/amd64', 'linux/arm64'] },
      registry: {
        'registry.example.com/shop/web:7': { platforms: ['linux/amd64', 'linux/arm64/v8'] },
        'registry.example.com/shop/batch:7': { platforms: ['linux/amd64'] },
      },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeSelector: {kubernetes.io/arch: amd64}
  containers:
    - name: web
      image: registry.example.com/shop/web:7
    - name: batch
      image: registry.example.com/shop/batch:7
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: batch
      image: registry.example.com/shop/batch:7
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      platforms: {
        type: 'array',
        minItems: 1,
        maxItems: 20,
        items: PLATFORM_SCHEMA,
        description: 'The platforms of the nodes; without it, the rule checks only the platforms that Pods select',
      },
    },
  },
  needs: ['registryDetails'],
  prepare({ platforms = [] }: Parameters): Prepared<readonly Platform[]> {
    const read = platforms.map(parseNodePlatform);
    const faults = platforms.flatMap((text, index) =>
      read[index] === undefined
        ? [
            {
              pointer: `/platforms/${index}`,
              problem: `${quoteValue(text)} is not a platform: expected ${PLATFORM_FORM}`,
            },
          ]
        : [],
    );
    return faults.length > 0 ? { ok: false, faults } : { ok: true, value: read.flatMap((one) => one ?? []) };
  },
  asksAbout: (subject, nodes) => {
    const required = requiredPlatforms(subject, nodes);
    return subject.containers.filter((container) => (required(container)?.platforms.length ?? 0) > 0);
  },
  check(subject, nodes) {
    const required = requiredPlatforms(subject, nodes);
    const builtPlatforms = builtPlatformsReader();
    const checked = subject.containers.filter((container) => required(container) !== undefined);
    const { registryDetails: facts } = subject.facts;
    return checkRegistryFacts({ subject: { containers: checked }, facts }, (fact, { text }, container) => {
      const image = `image ${quoteValue(text)}`;
      const platforms = required(container);
      if (platforms === undefined) return undefined;
      if (platforms.tooMany) {
        return {
          state: 'unknown',
          causedBy: 'author',
          message: `cannot determine whether ${image} is built for its nodes: ${TOO_MANY}`,
        };
      }
      if (fact.state !== 'yes') return unknownProblem(`which platforms ${image} is built for`, fact);
      // Volumes do not run, and kubelets mount a single manifest regardless of its platform.
      if (container.kind === 'volume' && !INDEXES.has(fact.value.mediaType)) return undefined;
      const built = builtPlatforms(fact.value);
      return checkPlatforms(image, { built, lacking: built.lacking(platforms) });
    });
  },
});

/** The platforms that an image is built for. */
interface BuiltPlatforms {
  readonly none: boolean;
  /** List for messages. */
  readonly text: string;
  lacking(required: RequiredPlatforms): readonly Platform[];
}

/** Parses each fact once, because containers share facts and an index can be long. */
function builtPlatformsReader(): (details: RegistryDetails) => BuiltPlatforms {
  const known = new Map<RegistryDetails, BuiltPlatforms>();
  return (details) => {
    let built = known.get(details);
    if (built === undefined) known.set(details, (built = readBuiltPlatforms(details)));
    return built;
  };
}

function readBuiltPlatforms(details: RegistryDetails): BuiltPlatforms {
  // Builders store attestations in the index under the platform unknown/unknown.
  const platforms = details.platforms.filter(({ os, architecture }) => os !== 'unknown' || architecture !== 'unknown');
  const has = platformsIn(platforms);
  const systems = new Set(platforms.map(({ os }) => os));
  const known = new Map<RequiredPlatforms, readonly Platform[]>();
  return {
    none: platforms.length === 0,
    text: shortList(platforms, shown),
    lacking(required) {
      let lacking = known.get(required);
      if (lacking === undefined) {
        lacking = required.platforms.filter((node) => !(node.architecture === ANY ? systems.has(node.os) : has(node)));
        known.set(required, lacking);
      }
      return lacking;
    },
  };
}

const INDEXES = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

interface PlatformComparison {
  readonly built: BuiltPlatforms;
  readonly lacking: readonly Platform[];
}

function checkPlatforms(image: string, { built, lacking }: PlatformComparison): ProblemText | undefined {
  if (built.none) {
    // The author of the object chooses the image.
    const message = `cannot determine which platforms ${image} is built for: it does not specify a platform`;
    return { state: 'unknown', causedBy: 'author', message, remedy: 'use an image that specifies its platform' };
  }
  if (lacking.length === 0) return undefined;
  return {
    state: 'violation',
    message: `${image} is not built for ${shortList(lacking, shown)}`,
    remedy: `build it for the missing platforms (it has ${built.text}), or select matching nodes with nodeSelector`,
  };
}

/** Quotes unusual platforms, because an index can contain any text. */
function shown(platform: Platform): string {
  if (platform.architecture === ANY) return platform.os;
  const text = platformText(platform);
  return /^[\w./-]{1,60}$/.test(text) ? text : quoteValue(text, 60);
}
