import { either, maybe, type Plot } from '../plot.js'

export const surprise: Plot = {
  name: 'surprise',
  cast: { guest: 'parent|grand|friend|older', helper: 'younger|friend' },
  foods: { cake: 'baked' },
  things: { thing: 'make' },
  want: 'thing',
  beats: [
    `- Soon it would be the birthday of [guest]. [Hero] wanted to give [guest.him] something special.
     - [Day], [hero] remembered that it was [guest.s] birthday the next day. But [hero.he] had no present!
     - Tomorrow was the birthday of [guest]. "I have no money," thought [hero]. "What can I give?"
     - [Day], [hero] said to [helper], "Let us make a surprise for the birthday of [guest]!"`,
    `- "I can make something myself," [hero] thought. "I will make [thing.a]!"
     - After a lot of thinking, [hero] had $idea: [thing.a], made by hand.
     - [Hero] and [helper] decided to make [thing.a].
     - "What would [guest.name] like?" asked [helper]. "[Thing.A]!" said [hero].`,
    `- It had to be a secret. [Hero] worked in the evening, when nobody was looking.
     - They closed the door and got to work. "Do not tell anyone," whispered [hero].
     - [Hero] needed a whole day for it. It was not easy, but it became better and better.
     - [Hero] cut and glued and painted. There was color on [hero.his] nose and on [hero.his] hands.
     - [Helper] helped [hero]. First it did not look right, so they began again.`,
    either(
      [
        `- $atonce, there was a knock at the door. "What are you doing in there?" asked [guest]. "Nothing!"
           cried [hero] and sat down on top of it.
         - Then [guest] came in. Quickly, [hero] threw a blanket over it. "Why is your face so red?" asked
           [guest].
         - Once, [guest] almost saw it. [Hero] hid it behind [hero.his] back just in time.`,
      ],
      [
        `- But then [helper] almost told the secret. "We have a s...," began [helper]. "Shhh!" said [hero].
         - The night before, [hero] could not sleep. Would [guest] like it?
         - On the last evening, [hero] and [helper] even made [cake], because a birthday needs something
           sweet.`,
      ],
    ),
    `- Then the day came. [Guest] opened the door, and everyone shouted, "Surprise!"
     - In the morning, [hero] stood at the bed of [guest] and sang a birthday song.
     - At last it was the right moment. "Close your eyes," said [hero] to [guest], "and hold out your hands."
     - When [guest] came into the room, there was a candle on the table. "Happy birthday!" cried [hero].`,
    `- [Guest] opened the present. It was [thing.a]! "Did you make this yourself?" asked [guest].
     - [Guest] looked at the [thing] for a long time. "It is the most beautiful present I have ever got," said
       [guest].
     - When [guest] saw the [thing], there were tears in [guest.own] eyes. They were tears of joy.
     - "A [thing]!" said [guest]. "That is just what I wanted."
     - "For me?" asked [guest] and looked at the [thing]. [Hero] nodded and could not stop smiling.`,
    `- Then they all ate [cake] and sang.
     - [Guest] $hug [hero] and did not let go for a long time.
     - The [thing] got the best place in the house.
     - They danced and played games until late in the evening.
     - "How could you keep such a secret?" asked [guest]. "It was very hard," said [hero].`,
  ],
  moral:
    'the best presents are made with love|a present does not have to cost money|it is fun to make others happy|giving is as nice as getting',
  feelings: 'happy|proud|glad|full of joy',
  questions: `
    What did [hero.full] make? = [Hero.full] made [thing.a].
    Whose birthday was it? = It was the birthday of [guest.full].
    Who got the [thing]? = [Guest.full] got the [thing].`,
}

export const promise: Plot = {
  name: 'promise',
  traits: 'honest|good|friendly|lively|dreamy',
  cast: { friend: 'friend|neighbor|younger|grand', other: 'friend' },
  rows: {
    promise: [
      'water the plants / watered the plants / the plants hung their heads / the flowers would die of thirst',
      'feed the fish / fed the fish / the fish waited at the glass / the fish would be hungry',
      'bring back the book / brought back the book / the book lay by the door / the book was needed that day',
      'help in the garden / helped in the garden / the weeds were high / the work was too much for one',
      'look after the hens / gave corn to the hens / the hens were restless / the fox might come at night',
      'come to tea / came to tea / the table was set for two / the tea would get cold',
      'help carry the wood / carried the wood / the wood lay in front of the house / the rain would make the wood wet',
      'feed the cat / fed the cat / the cat sat at the door and meowed / the cat had not eaten all day',
      'practice for the play / practiced for the play / the costumes were ready / nobody else knew the part',
      'read a story / read a story / the book was already open / somebody was waiting in bed',
      'keep a seat on the bench / kept a seat on the bench / the bench was still empty / somebody would have to stand',
      'mend the fence / mended the fence / there was a big hole in the fence / the sheep would run away',
    ],
    lure: [
      'go to the fair',
      'swim in the lake',
      'have some ice cream',
      'play hide and seek',
      'see the new puppies',
      'go to the circus',
      'pick berries in the woods',
      'look at a rainbow from the hill',
      'ride on a wagon',
      'go to a party',
      'watch a boat race',
    ],
  },
  want: 'promise',
  beats: [
    `- [Day], [friend] asked [hero] to [promise]. "I promise," said [hero].
     - [Hero] had promised [friend] to [promise].
     - "Can you [promise] today?" asked [friend]. "Of course," said [hero]. "I promise."
     - [Day], [hero] gave [friend] [hero.own] word to [promise] before the evening.`,
    `- But then [other] came by. "Do you want to [lure] with me?" asked [other].
     - On the way, [hero] met [other]. "Come with me," said [other]. "We can [lure]!"
     - Just when [hero] wanted to go, [other] came running. "Let us [lure]!" cried [other].
     - An hour later, [other] stood at the door. "We are going to [lure]. Are you coming?"`,
    `- [Hero] wanted to go so much! "The promise can wait," [hero.he] thought.
     - Oh, how [hero] wanted to [lure]! But what about the promise?
     - [Hero] did not know what to do. [Hero.He] loved to [lure].
     - "I can do the other thing later," thought [hero] and took a few steps.`,
    either(
      [
        `- So [hero] went along. It was nice, but [hero.he] could not really enjoy it. [Hero.He] thought of
           [friend] all the time. {!late}
         - [Hero] went with [other] and forgot everything. Only when the sun went down did [hero.he] remember
           the promise. {!late}
         - For a while [hero] had fun. But then [hero.he] began to think: [promise.d]. {!late}`,
        `- "I have to go!" [hero] cried and ran as fast as [hero.he] could. When [hero.he] got there,
           [promise.c].
         - [Hero] said goodbye and ran all the way. [Promise.C], but it was not too late.
         - "I gave my word," said [hero] and turned around. Out of breath, [hero.he] came to the place.
           [Promise.C].`,
        `- "I am sorry that I am late," said [hero] and [promise.b] at once. "I am glad that you came," said
           [friend].
         - [Hero] told [friend] the truth and then [promise.b]. [Friend] forgave [hero.him].
         - Quickly, [hero] [promise.b]. [Friend] saw it and $smiled.`,
      ],
      [
        `- But then [hero] thought: [promise.d]. "No," [hero.he] said to [other]. "I gave my word."
         - "I am sorry, I cannot come," said [hero]. "I promised to help, and a promise is a promise."
         - It was hard, but [hero] said no. "First I must do what I promised," [hero.he] said.`,
        `- [Hero] went to [friend]. [Promise.C]. [Hero.He] [promise.b] and did it well.
         - So [hero] [promise.b], just as [hero.he] had promised.
         - [Hero] [promise.b], although it took a long time.`,
        `- "I knew that I could count on you," said [friend].
         - When [other] heard why, [other.he] came, too. With four hands, it was done in no time. Then there
           was still time to [lure].
         - [Friend] was so happy. "Now go and play," said [friend]. So [hero] could [lure] after all.`,
      ],
    ),
    maybe(
      0.5,
      `- "I can count on you," said [friend].
     - [Friend] gave [hero] [snack.some], and they sat together for a while.
     - $fromthen, [hero] always did first what [hero.he] had promised.
     - [Hero] slept well that night.`,
    ),
  ],
  foods: { snack: 'snack' },
  moral:
    'a promise must be kept|one should do first what one has promised|it feels good when others can count on one|a word is a word',
  feelings: 'proud|good|relieved|happy',
  questions: `
    What did [hero.full] promise? = [Hero.full] promised to [promise].
    Who did [hero.full] give the promise to? = [Hero.full] gave the promise to [friend.full].
    What did [other.full] want to do? = [Other.full] wanted to [lure].
    late: Did [hero.full] come too late? = No, it was not too late.`,
}
