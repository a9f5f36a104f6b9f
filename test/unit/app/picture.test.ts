import {expect, test} from 'vitest'
import {createPicture} from '../../../src/lib/app/picture.ts'

const TERMINAL = {columns: 80, rows: 24, color: true}

function pictured() {
  const printed: string[] = []
  const picture = createPicture((text) => printed.push(text.replaceAll('\u001b', '^')))
  return {printed, picture}
}

test('a picture replaces the one before, wherever on the screen it is', () => {
  const {picture, printed} = pictured()
  picture.show(['a', 'b'], TERMINAL)
  picture.show(['c'], TERMINAL)
  picture.show(['d', 'e'], TERMINAL)
  expect(printed).toEqual(['a^[K\nb^[K\n^[J', '^[2Ac^[K\n^[J', '^[1Ad^[K\ne^[K\n^[J'])
})

test('a terminal of another size begins with an empty screen: its lines may have been wrapped', () => {
  const {picture, printed} = pictured()
  picture.show(['a'], TERMINAL)
  picture.show(['b'], {...TERMINAL, columns: 40})
  expect(printed[1]).toBe('^[H^[2Jb^[K\n^[J')
})

test('where there is no terminal nothing is replaced', () => {
  const {picture, printed} = pictured()
  picture.show(['a'], undefined)
  picture.show(['b'], undefined)
  expect(printed).toEqual(['a\n', 'b\n'])
})
