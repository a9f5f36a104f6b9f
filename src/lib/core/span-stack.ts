/** The stack of the span that one with this stack is directly inside; `undefined` for a root. */
export function stackAbove(stack: string): string | undefined {
  const end = Math.max(stack.lastIndexOf('.'), stack.lastIndexOf('$'))
  return end === -1 ? undefined : stack.slice(0, end)
}

/** Whether a span with this stack is the one with the stack `top`, or somewhere inside it. */
export function isAtOrBelow(stack: string, top: string): boolean {
  return stack.startsWith(top) && (stack.length === top.length || '.$'.includes(stack[top.length] ?? ''))
}

/** The stack of the root that a span with this stack is inside, or is itself. */
export function rootOf(stack: string): string {
  const end = stack.search(/[.$]/)
  return end === -1 ? stack : stack.slice(0, end)
}
