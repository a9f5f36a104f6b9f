/**
 * What the page does by itself: zoom, search, the critical path alone, the facts of one span. It reads nothing but the page, and
 * puts text into it as text only.
 */
export const SCRIPT = `
'use strict'
const chart = document.querySelector('.chart')
const ruler = document.querySelector('.ruler .lane')
const rows = Array.from(document.querySelectorAll('.row[data-facts]'))
const search = document.getElementById('search')
const onlyPath = document.getElementById('only-path')
const facts = document.getElementById('facts')
const wholeMs = Number(chart.dataset.ms)
let zoom = 1

function drawRuler() {
  const width = ruler.clientWidth
  const wanted = wholeMs * 110 / width
  const power = 10 ** Math.floor(Math.log10(wanted))
  const step = [1, 2, 5, 10].map((n) => n * power).find((ms) => ms >= wanted)
  const ticks = []
  const first = Math.max(0, Math.floor(chart.scrollLeft / width * wholeMs / step))
  for (let n = first; n * step <= wholeMs && ticks.length < 60; n += 1) {
    const tick = document.createElement('span')
    tick.style.left = n * step / wholeMs * 100 + '%'
    tick.textContent = say(n * step, step)
    ticks.push(tick)
  }
  ruler.replaceChildren(...ticks)
}

function say(ms, step) {
  const digits = (unit) => Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9))
  if (ms === 0) return '0'
  if (wholeMs < 1000) return ms.toFixed(digits(1)) + ' ms'
  if (wholeMs < 600000) return (ms / 1000).toFixed(digits(1000)) + ' s'
  return (ms / 60000).toFixed(digits(60000)) + ' min'
}

function zoomTo(wanted, x = (chart.clientWidth + ruler.offsetLeft) / 2) {
  const inLane = x - ruler.offsetLeft
  const at = (chart.scrollLeft + inLane) / ruler.clientWidth
  zoom = Math.min(2000, Math.max(1, wanted))
  document.documentElement.style.setProperty('--zoom', zoom)
  chart.scrollLeft = at * ruler.clientWidth - inLane
  drawRuler()
}

function filter() {
  const words = search.value.toLowerCase().split(' ').filter(Boolean)
  for (const row of rows) {
    const text = row.dataset.facts.toLowerCase()
    row.hidden = !words.every((word) => text.includes(word)) || (onlyPath.checked && !row.classList.contains('path'))
  }
}

function choose(row) {
  const before = document.querySelector('.chosen')
  if (before) before.classList.remove('chosen')
  facts.hidden = !row || row === before
  if (facts.hidden) return
  row.classList.add('chosen')
  bringIntoView(row.querySelector('.bar'))
  facts.replaceChildren(...Object.entries(JSON.parse(row.dataset.facts)).flatMap(([key, value]) => {
    const term = document.createElement('dt')
    const said = document.createElement('dd')
    term.textContent = key
    said.textContent = value
    return [term, said]
  }))
}

function bringIntoView(bar) {
  const seen = chart.clientWidth - ruler.offsetLeft
  const {offsetLeft, offsetWidth} = bar
  if (offsetLeft + offsetWidth < chart.scrollLeft || offsetLeft > chart.scrollLeft + seen) chart.scrollLeft = offsetLeft - seen / 4
}

chart.addEventListener('wheel', (event) => {
  if (!event.ctrlKey && !event.shiftKey) return
  event.preventDefault()
  zoomTo(zoom * Math.exp(-(event.deltaY || event.deltaX) / 300), event.clientX)
}, {passive: false})
chart.addEventListener('scroll', drawRuler)
chart.addEventListener('click', (event) => choose(event.target.closest('.row[data-facts]')))
search.addEventListener('input', filter)
onlyPath.addEventListener('change', filter)
document.getElementById('in').addEventListener('click', () => zoomTo(zoom * 2))
document.getElementById('out').addEventListener('click', () => zoomTo(zoom / 2))
document.getElementById('all').addEventListener('click', () => zoomTo(1))
document.addEventListener('keydown', (event) => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === '+' || event.key === '=') zoomTo(zoom * 2)
  else if (event.key === '-') zoomTo(zoom / 2)
  else if (event.key === '0') zoomTo(1)
  else if (event.key === 'Escape') choose(undefined)
  else if (event.key === '/') { event.preventDefault(); search.focus() }
  else if (event.key === 'Enter') choose(event.target.closest('.row[data-facts]'))
})
addEventListener('resize', drawRuler)
drawRuler()
`
