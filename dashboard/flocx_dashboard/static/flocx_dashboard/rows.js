// SPDX-License-Identifier: Apache-2.0
//
// Rows of a file are sent a few at a time, and the page shows how far it is. Without a
// script they are sent together.
(function () {
  'use strict';

  var TOGETHER = 5;

  function tell(input, outcome) {
    var words = document.createElement('span');
    words.className = 'flocx-status flocx-status-' + (outcome.good ? 'active' : 'error');
    words.textContent = outcome.text;
    input.closest('tr').querySelector('[data-flocx-result]').replaceChildren(words);
    input.remove();
  }

  function send(form, inputs, done) {
    var some = inputs.slice(0, TOGETHER);
    var progress = form.querySelector('progress');
    progress.value = done;
    document.getElementById('file-outcome').textContent =
      form.getAttribute('data-flocx-rows')
        .replace('%s', done).replace('%s', progress.max);
    if (!some.length) {
      return Promise.resolve();
    }
    var body = new FormData();
    body.append('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
    some.forEach(function (input) { body.append('row', input.value); });
    return fetch(form.action, {
      method: 'POST',
      body: body,
      credentials: 'same-origin',
      headers: {'X-Requested-With': 'XMLHttpRequest'}
    }).then(function (answer) {
      if (!answer.ok || answer.redirected) {
        throw new Error(answer.status);
      }
      return answer.json();
    }).then(function (outcomes) {
      outcomes.forEach(function (outcome, number) { tell(some[number], outcome); });
      return send(form, inputs.slice(TOGETHER), done + some.length);
    });
  }

  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (!form.hasAttribute('data-flocx-rows')) {
      return;
    }
    event.preventDefault();
    var button = form.querySelector('[type=submit]');
    button.disabled = true;
    form.querySelector('progress').hidden = false;
    send(form, Array.from(form.querySelectorAll('[name=row]')), 0).catch(function () {
      // What nothing was told of stays in the form, and may be sent again.
      button.disabled = false;
    });
  });
}());
