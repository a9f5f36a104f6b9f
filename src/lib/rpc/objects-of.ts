import type {Request} from './request.ts'

/** How many objects on the pools are named in a request, which is also how many answers there are to it at most. */
export function objectsOf(request: Request): number {
  switch (request.verb) {
    case 'observe':
      return request.confirm?.length ?? 0
    case 'alive':
    case 'settle':
      return 0
    case 'abort-partial':
      return request.filesystems.length
    case 'protect':
      return sumOf(request.requests, ({to}) => to.length + 1)
    case 'destroy':
    case 'estimate-destroy':
      return sumOf(request.requests, ({snapshots}) => snapshots.length + 1)
    default:
      return request.requests.length
  }
}

function sumOf<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0)
}
