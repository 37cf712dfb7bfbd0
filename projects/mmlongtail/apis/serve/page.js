'use strict';

const byId = (id) => document.getElementById(id);
const TAGS = { head: 'often', many: 'often', medium: 'medium', tail: 'rare', few: 'rare' };
const queue = [];
const known = { models: [], maxBytes: Infinity };
const count = { all: 0, done: 0, failed: 0 };
let working = false;

// Text from files and checkpoints becomes text nodes only.
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error('the server does not answer: does mmlongtail serve still run?');
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function described(model) {
  const limits = model.thresholds;
  const kind = model.multi_label ? 'several labels per image' : 'one label per image';
  const range = limits && limits.map((limit) => limit.toFixed(2));
  const tuned = range ? (range[0] === range[1] ? `, threshold ${range[0]}` : `, thresholds ${range.join(' to ')}`) : '';
  return element('li', '', element('strong', '', model.name), `: ${model.classes} classes, ${kind}${tuned}`);
}

function row(label) {
  const made = element('li', '');
  const name = element('span', 'name', label.name);
  if (label.group) {
    const kind = TAGS[label.group] ?? '';
    name.append(' ', element('span', `tag ${kind}`, element('span', 'unseen', 'group '), label.group));
  }
  const score = element('span', 'score', element('span', 'unseen', 'score '), label.score.toFixed(3));
  const track = element('div', 'track', element('div', 'fill'));
  track.setAttribute('aria-hidden', 'true');
  track.firstChild.style.width = `${100 * label.score}%`;
  made.append(name, score, track);
  if (label.threshold !== null) {
    const mark = element('div', 'mark');
    mark.style.left = `${100 * label.threshold}%`;
    track.append(mark);
    made.append(element('span', 'limit', `threshold ${label.threshold.toFixed(3)}`));
  }
  return made;
}

function column(answer, model) {
  const made = element('section', 'model', element('h3', '', model.name));
  const kind = model.multi_label ? 'labels' : 'labels best';
  if (answer.labels.length) made.append(element('ul', kind, ...answer.labels.map(row)));
  else made.append(element('p', '', 'No label reaches its threshold.'));
  if (answer.others.length) {
    made.append(element('h4', '', 'Below their thresholds'));
    made.append(element('ul', 'labels others', ...answer.others.map(row)));
  }
  return made;
}

function preview(file) {
  const image = element('img', 'preview');
  image.alt = '';
  image.onerror = () => {
    URL.revokeObjectURL(image.src);
    image.replaceWith(element('div', 'preview none', 'no preview'));
  };
  image.src = URL.createObjectURL(file);
  return image;
}

function card(file) {
  const made = element('article', '', element('h2', '', file.name), preview(file));
  made.append(element('div', 'answers', element('p', 'note', 'waiting')));
  return made;
}

async function read(file) {
  if (file.size > known.maxBytes) {
    throw new Error(`the file has ${(file.size / 1e6).toFixed(1)} MB, at most ${known.maxBytes / 1e6} MB are taken`);
  }
  try {
    return await file.arrayBuffer();
  } catch {
    throw new Error('cannot be read: is it a folder?');
  }
}

async function predict({ file, place }) {
  const answers = place.querySelector('.answers');
  answers.replaceChildren(element('p', 'note', 'in work'));
  try {
    const headers = { 'Content-Type': 'application/octet-stream' };
    const found = await ask('/predict', { method: 'POST', body: await read(file), headers });
    answers.replaceChildren(...found.models.map((answer, i) => column(answer, known.models[i])));
    count.done += 1;
  } catch (error) {
    answers.replaceChildren(element('p', 'error', `Error: ${error.message}`));
    count.failed += 1;
  }
}

function tell() {
  const failed = count.failed ? `, ${count.failed} with an error` : '';
  byId('status').textContent = count.all ? `${count.done} of ${count.all} images done${failed}` : '';
  byId('clear').hidden = !count.all || working;
  byId('legend').hidden = !count.all || !known.models.some((model) => model.thresholds);
}

async function work() {
  if (working) return;
  working = true;
  while (queue.length) {
    tell();
    await predict(queue.shift());
  }
  working = false;
  tell();
}

function add(files) {
  for (const file of files) {
    const place = card(file);
    byId('cards').append(place);
    queue.push({ file, place });
    count.all += 1;
  }
  work();
}

function clear() {
  for (const image of document.querySelectorAll('img.preview')) URL.revokeObjectURL(image.src);
  byId('cards').replaceChildren();
  Object.assign(count, { all: 0, done: 0, failed: 0 });
  tell();
  byId('files').focus();
}

function drag(event) {
  if (!event.dataTransfer.types.includes('Files')) return;
  event.preventDefault();
  document.body.classList.toggle('dropping', event.type === 'dragover');
  if (event.type === 'drop') add(event.dataTransfer.files);
}

async function start() {
  try {
    const answer = await ask('/models');
    known.models = answer.models;
    known.maxBytes = answer.max_bytes;
    byId('models').replaceChildren(...known.models.map(described));
    byId('limits').append(` At most ${known.maxBytes / 1e6} MB each.`);
  } catch (error) {
    byId('status').textContent = `Error: ${error.message}`;
    return;
  }
  for (const kind of ['dragover', 'dragleave', 'drop']) document.addEventListener(kind, drag);
  byId('clear').addEventListener('click', clear);
  byId('files').addEventListener('change', (event) => {
    add(event.target.files);
    event.target.value = '';
  });
}

start();
