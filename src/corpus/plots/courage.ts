import { maybe, type Plot, some } from '../plot.js'

export const fear: Plot = {
  name: 'fear',
  traits: 'shy|quiet|careful|gentle|young|curious',
  hero: 'child',
  cast: { helper: 'parent|friend|older|grand' },
  rows: {
    fear: [
      'the dark / at home / It was very dark in the bedroom. / The dark is only the day without light / walk through the dark room / walked through the dark room / saw the stars through the window',
      'the big slide / at the playground / The slide was so high that it almost touched the sky. / Sit down and hold on tight / go down the slide / went down the slide / flew down like a bird',
      'the deep water / at the lake / The water looked deep and cold. / The water will carry you / jump into the water / jumped into the water / came up again and laughed',
      "the neighbor's dog / on the street / The dog was big and barked a lot. / It barks because it wants to play / pet the dog / petted the dog / felt soft fur and a wet nose",
      'the dentist / in the waiting room / There was a strange smell and a big chair. / It will be over before you can count to a hundred / open wide / opened wide / got a sticker for it',
      'the horse / on the farm / The horse was so tall that its head was above the door. / Hold out your hand, flat like a plate / feed the horse / fed the horse / felt its warm, soft nose',
      'the high bridge / at the river / The bridge was long and it moved in the wind. / Do not look down, look at me / walk over the bridge / walked over the bridge / saw the whole valley from the other side',
      'the thunder / at home / The thunder roared, and the windows shook. / Thunder is only a loud noise / listen to the thunder / listened to the thunder / counted from the lightning to the thunder',
      'the tall tree / in the garden / All the others had climbed the tree already. / Take one branch after the other / climb the tree / climbed the tree / saw the roofs of all the houses',
      'the first day of school / at school / There were so many children, and all of them were strangers. / Everyone here is a little afraid today / go in / went in / found a seat next to a girl with a big smile',
      'the cellar / at home / The stairs were old and went down into the dark. / I will hold the lamp for you / go down the stairs / went down the stairs / found only jars of jam and potatoes',
      'the spider / in the bathroom / The spider sat in the corner and had long legs. / It is much more afraid of you / look at the spider / looked at the spider / saw its fine web, which shone like silver',
      'the swing / in the park / The swing went up so high. / Start with a little push / get on the swing / got on the swing / could see over the fence',
      'the waves / at the beach / The waves were big and came in with a roar. / We will jump over them together / go into the water / went into the water / jumped over wave after wave',
      'the elevator / in the tall house / The doors closed with a loud noise. / Press the button and think of something nice / ride the elevator / rode the elevator / stood at the very top of the house',
      'the geese / at the pond / The geese were loud and stretched their long necks. / Stand still and be calm / walk past the geese / walked past the geese / saw that they only wanted bread',
      'the cave / in the hills / The cave was black inside, and water dripped from the roof. / We will stay together / go into the cave / went into the cave / saw stones that shone like stars',
    ],
  },
  want: 'fear',
  beats: [
    `- There was only one thing that [hero] did not like: [fear].
     - [Hero] was not afraid of many things. But [hero.he] was afraid of [fear].
     - [Day], [hero] was [fear.b] with [helper]. [Hero.He] wanted to be brave, but [hero.he] was afraid of
       [fear].
     - [Day], [hero] was [fear.b]. [Hero.He] felt $scared, because of [fear].
     - [Day], [hero] stood [fear.b] and did not move. "I am afraid of [fear]," [hero.he] said.`,
    `- [Fear.c] [Hero.His] $heart.
     - [Fear.c] [Hero] wanted to run away.
     - [Fear.c] "I cannot do it," [hero.he] whispered.
     - [Fear.c] [Hero] closed [hero.his] eyes.
     - [Fear.c] "No, no, no!" cried [hero].`,
    `- [Helper] took [hero.his] hand. "[Fear.d]," said [helper] $softly.
     - "I know how you feel," said [helper]. "I was afraid, too, when I was smaller. [Fear.d]."
     - [Helper] saw it and came closer. "You do not have to do it today," said [helper]. "But you can try.
       [Fear.d]."
     - "Everyone is afraid of something," said [helper]. "[Fear.d]. I am with you."
     - [Helper] did not laugh. [Helper.He] said, "[Fear.d]. You can do it."`,
    some(
      1,
      2,
      `- [Hero] tried once, but then [hero.he] stopped. "Not yet," [hero.he] said.
     - [Hero] $deepbreath.
     - "One, two, three," counted [helper].
     - "Will you stay with me?" asked [hero]. "I will not leave," said [helper].
     - [Hero] thought of a brave lion and made [hero.himself] very tall.
     - [Hero] took one small step, and then another one.
     - "What if something bad happens?" asked [hero]. "And what if something good happens?" asked [helper].`,
    ),
    `- Then [hero] was brave. [Hero.He] [fear.f] and [fear.g].
     - And then [hero] did it! [Hero.He] [fear.f] and [fear.g].
     - $finally, [hero] [fear.f]. [Hero.He] [fear.g].
     - And look! [Hero] [fear.f] and [fear.g].
     - [Hero] did not wait any longer. [Hero.He] [fear.f] and [fear.g].`,
    `- "I did it! I did it!" [hero] shouted. [Helper] clapped.
     - "That was not bad at all!" said [hero]. "Can I do it again?"
     - [Hero] laughed out loud. "[Again]!" [hero.he] called.
     - "You see?" said [helper]. "You are braver than you think."
     - [Helper] $smiled. "I am so proud of you," [helper.he] said.`,
    maybe(
      0.6,
      `- After that, [hero] wanted to [fear.e] every day.
     - The next time it was already much easier.
     - Now [hero] could even help others who were afraid of [fear].
     - That night, [hero] told everyone in the family about it.`,
    ),
  ],
  lets: { again: 'One more time|Again, again|Once more' },
  moral:
    'being brave means trying even when one is afraid|many things are not as bad as they seem|fear gets smaller when one is not alone|every step makes one a little braver',
  feelings: 'brave|proud|strong|happy',
  questions: `
    What was [hero.full] afraid of? = [Hero.full] was afraid of [fear].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    What did [hero.full] do in the end? = [Hero.full] [fear.f].`,
}

export const stage: Plot = {
  name: 'stage',
  traits: 'shy|quiet|dreamy|gentle|musical',
  cast: { helper: 'parent|friend|teacher|grand' },
  hero: 'child',
  rows: {
    show: [
      'sing a song about the moon / sing / sang / the words',
      'play the flute / play / played / the first note',
      'dance like a swan / dance / danced / the first step',
      'play the part of a tree in a play / speak / spoke / the first line',
      'tell a poem about spring / speak / spoke / the first line',
      'do a magic trick with a hat / begin / did the trick / the magic word',
      'play the drum / play / played / the beat',
      'be the lion in the school play / roar / roared / the first line',
      'juggle three balls / begin / juggled / how to start',
      'play the violin / play / played / the first note',
      'read a story aloud / read / read / the right page',
      'sing in the choir / sing / sang / the words',
      'show a dance with ribbons / dance / danced / the first step',
      'play the piano / play / played / the first note',
    ],
    where: [
      'at school',
      'in the town hall',
      'in the theater',
      'in the village square',
      'at the fair',
      'in the library',
    ],
  },
  want: 'show',
  beats: [
    `- In a few days, there would be a big show [where]. [Hero] was going to [show].
     - [Day], the teacher told the class about a show [where]. "I would like to [show]," said [hero].
     - Every year there was a show [where]. This time [hero] was going to [show].
     - [Day], [hero] heard about a show [where]. [Hero.He] wanted to [show].`,
    `- [Hero] practiced every day, in the morning and in the evening.
     - [Hero] worked hard. [Hero.He] practiced in front of the mirror and even in the bathtub.
     - Day after day, [hero] practiced. [Helper] listened and clapped.
     - At first it all went wrong, but [hero] tried again and again.`,
    `- Then the big day came. All the seats were full. [Hero] looked through the curtain and felt $scared.
     - On the evening of the show, [hero.his] hands were cold. There were so many people!
     - When it was [hero.his] turn, [hero] could not move. All eyes looked at [hero.him].
     - [Hero] stood behind the curtain. [Hero.His] knees shook. "I have forgotten [show.d]!" [hero.he]
       whispered.`,
    `- [Helper] came to [hero.him]. "Look only at me," said [helper]. "Do it just for me."
     - "Take a deep breath," said [helper] $softly. "You know it by heart."
     - "Everybody here is your friend," said [helper]. "And if you make a mistake, just go on."
     - [Helper] gave [hero] a hug. "It does not have to be perfect," said [helper]. "Have fun!"`,
    `- [Hero] nodded and went out into the light.
     - [Hero] $deepbreath. Then [hero.he] walked onto the stage.
     - So [hero] stepped in front of the people.
     - The curtain went up. [Hero] saw [helper] in the first row and was not so afraid anymore.`,
    `- At first [hero] was very quiet. But then [hero.he] [show.c], and it went better and better.
     - [Hero] began to [show.b]. And all at once it was easy!
     - [Hero] [show.c] from the heart. Nobody made a sound.
     - There was one little mistake, but [hero] went on. [Hero.He] [show.c] better than ever.`,
    `- When it was over, everybody clapped and clapped. "Bravo!" somebody called.
     - The people stood up and cheered. [Hero] bowed three times.
     - Then came the applause, loud like summer rain. [Hero] could not stop smiling.
     - $everyone clapped. An old lady even threw a flower.`,
    maybe(
      0.6,
      `- "You were wonderful," said [helper].
     - "When can I do it again?" asked [hero].
     - After the show, there was cake for everyone.
     - [Helper] hugged [hero] and had tears of joy.`,
    ),
  ],
  moral:
    'practice makes one better|it is all right to be nervous|one may make mistakes and still be wonderful|courage grows when one tries',
  feelings: 'proud|happy|brave|as tall as a tree',
  questions: `
    What was [hero.full] going to do in the show? = [Hero.full] was going to [show].
    Where was the show? = The show was [where].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].`,
}
