// Try the API: send what stands in the form and show what comes back.

const newKey = () => `try-${crypto.randomUUID()}`;

const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const send = async (form) => {
  const headers = { 'Content-Type': 'application/json' };
  const key = document.querySelector('#api-key').value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const idempotency = form.querySelector('[data-api-idempotency]');
  if (idempotency) headers['Idempotency-Key'] = idempotency.value;
  const address = form.querySelector('[data-api-address]')?.value.trim();
  const began = performance.now();
  // Without cookies: the call is the key's, not that of whoever is signed in.
  const response = await fetch(address || form.dataset.path, {
    method: form.dataset.method,
    headers,
    body: form.querySelector('[data-api-body]')?.value,
    credentials: 'omit',
  });
  const text = await response.text();
  const took = Math.round(performance.now() - began);
  const repeated = response.headers.get('Idempotency-Replayed') ? ' · Idempotency-Replayed' : '';
  return { line: `${response.status} ${response.statusText} · ${took} ms${repeated}`, text };
};

for (const form of document.querySelectorAll('[data-api-try]')) {
  const answer = form.parentElement.querySelector('[data-api-answer]');
  const idempotency = form.querySelector('[data-api-idempotency]');
  if (idempotency) idempotency.value = newKey();

  form.querySelector('[data-api-new-key]')?.addEventListener('click', () => {
    idempotency.value = newKey();
  });
  form.querySelector('[data-api-examples]')?.addEventListener('change', (event) => {
    const example = document.getElementById(event.target.value);
    form.querySelector('[data-api-body]').value = example.content.textContent;
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('[type=submit]');
    button.disabled = true;
    let shown;
    try {
      shown = await send(form);
    } catch (error) {
      shown = { line: String(error), text: '' };
    }
    button.disabled = false;
    answer.hidden = false;
    answer.querySelector('[data-api-status]').textContent = shown.line;
    answer.querySelector('[data-api-text]').textContent = pretty(shown.text);
  });
}
