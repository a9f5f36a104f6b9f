/** What differs between the releases of OpenZFS as far as it is modelled. Texts are chosen by these facts, not by name. */
export type Profile = {
  readonly version: string
  /** 2.3.2 on: who is in the way of `zfs destroy` is told apart. Before, a hold is `dataset is busy`. */
  readonly tellsHeld: boolean
  /** 2.2 on: that a full receive that replaces a dataset is continued with `-F` only is said as such. */
  readonly tellsResumeNeedsForce: boolean
  /** 0.8 has one text for a stream that is cut and one that is damaged. */
  readonly tellsIncomplete: boolean
  /** 2.0 on: a bookmark can be made of a bookmark. */
  readonly bookmarksBookmarks: boolean
  /** 2.2 on: the property `snapshots_changed`. */
  readonly tellsSnapshotsChanged: boolean
}

const MODERN = {
  tellsHeld: true,
  tellsResumeNeedsForce: true,
  tellsIncomplete: true,
  bookmarksBookmarks: true,
  tellsSnapshotsChanged: true,
}

export const PROFILES = {
  '0.8.6': {
    version: '0.8.6',
    tellsHeld: false,
    tellsResumeNeedsForce: false,
    tellsIncomplete: false,
    bookmarksBookmarks: false,
    tellsSnapshotsChanged: false,
  },
  '2.1.11': {
    ...MODERN,
    version: '2.1.11',
    tellsHeld: false,
    tellsResumeNeedsForce: false,
    tellsSnapshotsChanged: false,
  },
  '2.2.9': {...MODERN, version: '2.2.9', tellsHeld: false},
  '2.3.2': {...MODERN, version: '2.3.2'},
  '2.3.3': {...MODERN, version: '2.3.3'},
  '2.4.4': {...MODERN, version: '2.4.4'},
} as const satisfies Readonly<Record<string, Profile>>

export type ProfileName = keyof typeof PROFILES
